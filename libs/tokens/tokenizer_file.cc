#include "libs/tokens/tokenizer_file.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/tokens/byte_alphabet.h"

namespace stagebeam::tokens {
namespace {

using Json = nlohmann::json;

// Far above any vocabulary (Llama 3 has 128,256), far below what would exhaust
// memory.
constexpr int64_t kMaxId = (int64_t{1} << 24) - 1;

// The member `key` of an object; a null where there is none.
const Json& Member(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto it = object.find(key);
  return it == object.end() ? kNull : *it;
}

std::string StringOr(const Json& value, const char* otherwise) {
  return value.is_string() ? value.get_ref<const std::string&>() : otherwise;
}

// A token id within range.
std::optional<int32_t> AsId(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  const int64_t id = value.get<int64_t>();
  if (id < 0 || id > kMaxId) return std::nullopt;
  return static_cast<int32_t>(id);
}

// True where a setting that must be off is off: absent, null, false, 0 or "".
bool IsOff(const Json& value) {
  return value.is_null() || value == false || value == 0 || value == "";
}

// Takes one parsed file apart. Each method fills one part of the result.
class FileReader {
 public:
  FileReader(const std::string& path, const Json& root)
      : path_(path), root_(root) {}

  absl::StatusOr<TokenizerFile> Read() {
    for (const auto step : {&FileReader::ReadShape, &FileReader::ReadPattern,
                            &FileReader::ReadAddedTokens,
                            &FileReader::ReadVocab, &FileReader::ReadMerges}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    return std::move(file_);
  }

 private:
  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": ", parts...));
  }

  absl::Status ReadShape() {
    if (!root_.is_object()) return Error("not a JSON object");
    if (!Member(root_, "normalizer").is_null()) {
      return Error("normalizer: must be null, text is taken as it is");
    }
    if (StringOr(Member(Member(root_, "decoder"), "type"), "") != "ByteLevel") {
      return Error("decoder.type: must be \"ByteLevel\"");
    }
    const Json& model = Member(root_, "model");
    if (StringOr(Member(model, "type"), "") != "BPE")
      return Error("model.type: must be \"BPE\"");
    for (const char* key :
         {"dropout", "unk_token", "continuing_subword_prefix",
          "end_of_word_suffix", "fuse_unk", "byte_fallback"}) {
      if (!IsOff(Member(model, key)))
        return Error("model.", key, ": must be off");
    }
    const Json& ignore_merges = Member(model, "ignore_merges");
    if (!ignore_merges.is_null() && !ignore_merges.is_boolean()) {
      return Error("model.ignore_merges: must be true or false");
    }
    file_.ignore_merges = ignore_merges == true;
    return absl::OkStatus();
  }

  absl::Status ReadPattern() {
    const Json& sequence = Member(root_, "pre_tokenizer");
    const Json& steps = Member(sequence, "pretokenizers");
    if (StringOr(Member(sequence, "type"), "") != "Sequence" ||
        !steps.is_array() || steps.size() != 2) {
      return Error("pre_tokenizer: must be a Sequence of Split and ByteLevel");
    }
    if (absl::Status status = ReadSplit(steps[0]); !status.ok()) return status;
    return CheckByteLevel(steps[1]);
  }

  absl::Status ReadSplit(const Json& split) {
    constexpr const char* kField = "pre_tokenizer.pretokenizers[0]";
    if (StringOr(Member(split, "type"), "") != "Split") {
      return Error(kField, ".type: must be \"Split\"");
    }
    if (StringOr(Member(split, "behavior"), "") != "Isolated") {
      return Error(kField, ".behavior: must be \"Isolated\"");
    }
    if (!IsOff(Member(split, "invert")))
      return Error(kField, ".invert: must be false");
    file_.pattern = StringOr(Member(Member(split, "pattern"), "Regex"), "");
    if (file_.pattern.empty())
      return Error(kField, ".pattern.Regex: must be a regular expression");
    return absl::OkStatus();
  }

  absl::Status CheckByteLevel(const Json& byte_level) const {
    constexpr const char* kField = "pre_tokenizer.pretokenizers[1]";
    if (StringOr(Member(byte_level, "type"), "") != "ByteLevel") {
      return Error(kField, ".type: must be \"ByteLevel\"");
    }
    // Both are on where absent.
    for (const char* key : {"add_prefix_space", "use_regex"}) {
      if (Member(byte_level, key) != false)
        return Error(kField, ".", key, ": must be false");
    }
    return absl::OkStatus();
  }

  absl::Status ReadVocab() {
    const Json& vocab = Member(Member(root_, "model"), "vocab");
    if (!vocab.is_object()) return Error("model.vocab: must be an object");
    for (const auto& [token, value] : vocab.items()) {
      // Files that a trainer wrote have special tokens here, too. Left out, so
      // that no text can turn into them.
      if (file_.added_tokens.contains(token)) continue;
      const auto bytes = BytesOfToken(token);
      if (!bytes || bytes->empty()) {
        return Error("model.vocab: \"", token,
                     "\" is not written in the byte-level alphabet");
      }
      const auto id = AsId(value);
      if (!id)
        return Error("model.vocab: id of \"", token, "\" must be in [0, ",
                     kMaxId, "]");
      file_.vocab.emplace(*bytes, *id);
    }
    for (int byte = 0; byte < 256; ++byte) {
      if (!file_.vocab.contains(std::string(1, static_cast<char>(byte)))) {
        return Error("model.vocab: has no token for byte ", byte);
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadMerges() {
    const Json& merges = Member(Member(root_, "model"), "merges");
    if (!merges.is_array()) return Error("model.merges: must be an array");
    file_.merges.reserve(merges.size());
    for (const Json& merge : merges) {
      if (absl::Status status = ReadMerge(merge); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadMerge(const Json& merge) {
    const std::string field =
        absl::StrCat("model.merges[", file_.merges.size(), "]");
    const auto sides = SidesOf(merge);
    if (!sides) return Error(field, ": must be \"a b\" or [\"a\", \"b\"]");
    const auto left = BytesOfToken(sides->first);
    const auto right = BytesOfToken(sides->second);
    if (!left || !right || !file_.vocab.contains(*left) ||
        !file_.vocab.contains(*right) ||
        !file_.vocab.contains(*left + *right)) {
      return Error(field, ": joins or makes a token that model.vocab lacks");
    }
    file_.merges.push_back(
        {file_.vocab[*left], file_.vocab[*right], file_.vocab[*left + *right]});
    return absl::OkStatus();
  }

  static std::optional<std::pair<std::string, std::string>> SidesOf(
      const Json& merge) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
        merge[1].is_string()) {
      return std::pair(merge[0].get<std::string>(),
                       merge[1].get<std::string>());
    }
    if (!merge.is_string()) return std::nullopt;
    const std::string& text = merge.get_ref<const std::string&>();
    const size_t blank = text.find(' ');
    if (blank == std::string::npos) return std::nullopt;
    return std::pair(text.substr(0, blank), text.substr(blank + 1));
  }

  absl::Status ReadAddedTokens() {
    const Json& tokens = Member(root_, "added_tokens");
    if (tokens.is_null()) return absl::OkStatus();
    if (!tokens.is_array()) return Error("added_tokens: must be an array");
    for (size_t i = 0; i < tokens.size(); ++i) {
      absl::Status status =
          ReadAddedToken(tokens[i], absl::StrCat("added_tokens[", i, "]"));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadAddedToken(const Json& token, const std::string& field) {
    const auto id = AsId(Member(token, "id"));
    if (!id) return Error(field, ".id: must be in [0, ", kMaxId, "]");
    const std::string content = StringOr(Member(token, "content"), "");
    if (content.empty())
      return Error(field, ".content: must be a string that is not empty");
    // A token that is not special would be found in user text.
    if (Member(token, "special") != true)
      return Error(field, ".special: must be true");
    for (const char* key : {"normalized", "lstrip", "rstrip", "single_word"}) {
      if (!IsOff(Member(token, key)))
        return Error(field, ".", key, ": must be false");
    }
    file_.added_tokens.emplace(content, *id);
    return absl::OkStatus();
  }

  const std::string& path_;
  const Json& root_;
  TokenizerFile file_;
};

}  // namespace

absl::StatusOr<TokenizerFile> ReadTokenizerFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  std::ostringstream text;
  // Unlike an iterator this does not throw where the file is a directory.
  if (!(text << stream.rdbuf())) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": cannot be read, or is empty"));
  }
  const Json root =
      Json::parse(text.str(), /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded())
    return absl::InvalidArgumentError(absl::StrCat(path, ": not JSON"));
  return FileReader(path, root).Read();
}

}  // namespace stagebeam::tokens
