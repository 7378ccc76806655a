#include "libs/tokens/detokenizer.h"

#include "libs/tokens/utf8.h"

namespace stagebeam::tokens {

std::string Detokenizer::Push(int32_t id) {
  held_.append(tokenizer_->TokenBytes(id));
  std::string text;
  held_.erase(0, AppendUtf8(held_, &text));
  return text;
}

std::string Detokenizer::Finish() {
  std::string text = ToValidUtf8(held_);
  held_.clear();
  return text;
}

}  // namespace stagebeam::tokens
