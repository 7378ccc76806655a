#include "libs/tokens/tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/tokens/merge_table.h"
#include "libs/tokens/piece_splitter.h"
#include "libs/tokens/tokenizer_file.h"
#include "libs/tokens/utf8.h"

namespace stagebeam::tokens {
namespace {

// absl's map looks up by its own string_view, which need not be std's.
absl::string_view Key(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct Tokenizer::Tables {
  Tables(TokenizerFile file, PieceSplitter pieces)
      : splitter(std::move(pieces)),
        ignore_merges(file.ignore_merges),
        vocab(std::move(file.vocab)),
        special_ids(std::move(file.added_tokens)) {
    bytes.resize(CountIds());
    is_special.resize(bytes.size());
    for (const auto& [token, id] : vocab) {
      bytes[id] = token;
      if (token.size() == 1) id_of_byte[static_cast<uint8_t>(token[0])] = id;
    }
    for (const auto& [content, id] : special_ids) {
      bytes[id].clear();
      is_special[id] = true;
    }
    for (size_t rank = 0; rank < file.merges.size(); ++rank) {
      const Merge& merge = file.merges[rank];
      merges.Add(merge.left, merge.right, static_cast<int32_t>(rank),
                 merge.merged);
    }
  }

  // One more than the largest id.
  size_t CountIds() const {
    int32_t largest = 0;
    for (const auto& [token, id] : vocab) largest = std::max(largest, id);
    for (const auto& [content, id] : special_ids)
      largest = std::max(largest, id);
    return static_cast<size_t>(largest) + 1;
  }

  // Appends the ids of one piece. `symbols` is scratch.
  void EncodePiece(std::string_view piece, std::vector<int32_t>* symbols,
                   std::vector<int32_t>* ids) const {
    if (ignore_merges) {
      if (const auto it = vocab.find(Key(piece)); it != vocab.end()) {
        ids->push_back(it->second);
        return;
      }
    }
    symbols->clear();
    for (const char byte : piece)
      symbols->push_back(id_of_byte[static_cast<uint8_t>(byte)]);
    merges.Apply(*symbols, ids);
  }

  PieceSplitter splitter;
  bool ignore_merges = false;
  absl::flat_hash_map<std::string, int32_t> vocab;
  MergeTable merges;
  absl::flat_hash_map<std::string, int32_t> special_ids;
  // By id.
  std::vector<std::string> bytes;
  std::vector<bool> is_special;
  std::array<int32_t, 256> id_of_byte{};
};

Tokenizer::Tokenizer(std::unique_ptr<Tables> tables)
    : tables_(std::move(tables)) {}
Tokenizer::~Tokenizer() = default;

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(
    const std::string& path) {
  auto file = ReadTokenizerFile(path);
  if (!file.ok()) return file.status();
  auto splitter = PieceSplitter::Create(file->pattern);
  if (!splitter.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": pre_tokenizer.pretokenizers[0].pattern.Regex: ",
                     std::string(splitter.status().message())));
  }
  return std::unique_ptr<Tokenizer>(new Tokenizer(
      std::make_unique<Tables>(*std::move(file), *std::move(splitter))));
}

std::vector<int32_t> Tokenizer::Encode(std::string_view text) const {
  std::vector<int32_t> ids;
  std::vector<int32_t> symbols;
  const std::string valid = ToValidUtf8(text);
  tables_->splitter.Split(valid, [&](std::string_view piece) {
    tables_->EncodePiece(piece, &symbols, &ids);
  });
  return ids;
}

std::optional<int32_t> Tokenizer::SpecialId(std::string_view content) const {
  const auto it = tables_->special_ids.find(Key(content));
  if (it == tables_->special_ids.end()) return std::nullopt;
  return it->second;
}

bool Tokenizer::IsSpecial(int32_t id) const {
  return id >= 0 && id < size() && tables_->is_special[id];
}

std::string_view Tokenizer::TokenBytes(int32_t id) const {
  if (id < 0 || id >= size()) return {};
  return tables_->bytes[id];
}

std::string Tokenizer::Decode(const std::vector<int32_t>& ids) const {
  std::string bytes;
  for (const int32_t id : ids) bytes.append(TokenBytes(id));
  return ToValidUtf8(bytes);
}

int32_t Tokenizer::size() const {
  return static_cast<int32_t>(tables_->bytes.size());
}

}  // namespace stagebeam::tokens
