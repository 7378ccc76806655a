#ifndef STAGEBEAM_TESTS_TOKENS_REFERENCE_TOKENIZER_H_
#define STAGEBEAM_TESTS_TOKENS_REFERENCE_TOKENIZER_H_

#include <cstdlib>
#include <iostream>
#include <memory>

#include "libs/tokens/tokenizer.h"

namespace stagebeam::tokens {

inline constexpr char kReferenceFile[] = "models/reference/tokenizer.json";

// The reference checkpoint's tokenizer, loaded once.
inline const Tokenizer& ReferenceTokenizer() {
  static const std::unique_ptr<Tokenizer> tokenizer = [] {
    auto loaded = Tokenizer::Load(kReferenceFile);
    if (!loaded.ok()) {
      std::cerr << loaded.status() << std::endl;
      std::abort();
    }
    return *std::move(loaded);
  }();
  return *tokenizer;
}

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_TESTS_TOKENS_REFERENCE_TOKENIZER_H_
