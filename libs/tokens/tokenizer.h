#ifndef STAGEBEAM_LIBS_TOKENS_TOKENIZER_H_
#define STAGEBEAM_LIBS_TOKENS_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace stagebeam::tokens {

// Byte-level BPE as tokenizer.json describes it: text to token ids and back.
//
// Immutable after loading, and so thread-safe.
class Tokenizer {
 public:
  // Reads a Hugging Face tokenizer.json. INVALID_ARGUMENT names the file and
  // the field that is missing or not supported; NOT_FOUND: no such file.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(
      const std::string& path);

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // Ids of plain text. Special-token text in it is plain text. Invalid UTF-8
  // is read as U+FFFD, a maximal invalid part each. Linear in the text's
  // length.
  std::vector<int32_t> Encode(std::string_view text) const;

  // Id of the added token `content`, e.g. "<|eot_id|>".
  std::optional<int32_t> SpecialId(std::string_view content) const;
  // True for ids of added tokens.
  bool IsSpecial(int32_t id) const;

  // Bytes of one token, which may be a part of a character; empty for special
  // tokens and for ids out of range.
  std::string_view TokenBytes(int32_t id) const;

  // Text of `ids`, special tokens left out; each maximal invalid part of the
  // concatenated bytes as U+FFFD.
  std::string Decode(const std::vector<int32_t>& ids) const;

  // One more than the largest id.
  int32_t size() const;

 private:
  struct Tables;
  explicit Tokenizer(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_TOKENIZER_H_
