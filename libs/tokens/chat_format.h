#ifndef STAGEBEAM_LIBS_TOKENS_CHAT_FORMAT_H_
#define STAGEBEAM_LIBS_TOKENS_CHAT_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/tokens/tokenizer.h"

namespace stagebeam::tokens {

// Settings of the chat prompt that a checkpoint leaves open.
struct ChatOptions {
  // Copies of BOS in front: 1, or 2 as the LLaVA-o1 authors' runs had.
  int bos_count = 1;
};

// Llama 3's chat prompt as token ids: one user turn, the assistant turn open.
//
// Holds a reference to the tokenizer. Immutable, and so thread-safe.
class ChatFormat {
 public:
  // NOT_FOUND names the special token that the tokenizer lacks,
  // INVALID_ARGUMENT an option out of range.
  static absl::StatusOr<ChatFormat> Create(const Tokenizer& tokenizer,
                                           const ChatOptions& options);

  // Ids up to and with the open assistant turn. With a picture,
  // <|image|> stands in front of the text. Special-token text in `user_text`
  // stays text.
  std::vector<int32_t> Prompt(std::string_view user_text,
                              bool with_image) const;

  // Ids in front of <|image|>: the same for every question about a picture.
  // Its last ids, the blank line's, may merge with the text in a prompt
  // without a picture.
  const std::vector<int32_t>& head() const { return head_; }
  int32_t image_id() const { return image_id_; }

 private:
  ChatFormat() = default;

  const Tokenizer* tokenizer_ = nullptr;
  int32_t image_id_ = 0;
  // The head without its blank line.
  std::vector<int32_t> turn_;
  std::vector<int32_t> head_;
  std::vector<int32_t> tail_;
};

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_CHAT_FORMAT_H_
