#ifndef STAGEBEAM_LIBS_TOKENS_TOKENIZER_FILE_H_
#define STAGEBEAM_LIBS_TOKENS_TOKENIZER_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace stagebeam::tokens {

// Ids of two tokens, and of the token that they make.
struct Merge {
  int32_t left = 0;
  int32_t right = 0;
  int32_t merged = 0;
};

// What tokenizer.json says, checked and with its tokens as bytes.
struct TokenizerFile {
  // Regular expression whose matches are pieces.
  std::string pattern;
  // A piece that is a token is that token, whatever the merges say.
  bool ignore_merges = false;
  // Bytes of a token -> id >= 0. All 256 single bytes are tokens.
  absl::flat_hash_map<std::string, int32_t> vocab;
  // In the order of their rank.
  std::vector<Merge> merges;
  // Content of an added token -> id >= 0.
  absl::flat_hash_map<std::string, int32_t> added_tokens;
};

// Reads byte-level BPE from a Hugging Face tokenizer.json. NOT_FOUND: no such
// file. INVALID_ARGUMENT names the file and the field that is missing, broken
// or asks for what is not supported (normalizers, other pre-tokenizers or
// models, added tokens that user text could turn into).
absl::StatusOr<TokenizerFile> ReadTokenizerFile(const std::string& path);

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_TOKENIZER_FILE_H_
