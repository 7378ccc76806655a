#ifndef STAGEBEAM_LIBS_TOKENS_DETOKENIZER_H_
#define STAGEBEAM_LIBS_TOKENS_DETOKENIZER_H_

#include <cstdint>
#include <string>

#include "libs/tokens/tokenizer.h"

namespace stagebeam::tokens {

// Turns tokens into text one at a time. A tail that could still become a
// character (at most three bytes) is held back.
//
// Not thread-safe.
class Detokenizer {
 public:
  explicit Detokenizer(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  // The text that `id` completes; special tokens give none.
  std::string Push(int32_t id);
  // What was held back, as U+FFFD; empty where nothing was.
  std::string Finish();

 private:
  const Tokenizer* tokenizer_;
  std::string held_;
};

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_DETOKENIZER_H_
