#include "libs/tokens/chat_format.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::tokens {
namespace {

// Between a header and its text. Belongs to the text's stretch: in a prompt
// without a picture both are cut into pieces together.
constexpr std::string_view kBlankLine = "\n\n";

void Append(const std::vector<int32_t>& more, std::vector<int32_t>* ids) {
  ids->insert(ids->end(), more.begin(), more.end());
}

}  // namespace

absl::StatusOr<ChatFormat> ChatFormat::Create(const Tokenizer& tokenizer,
                                              const ChatOptions& options) {
  if (options.bos_count != 1 && options.bos_count != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("bos_count: must be 1 or 2, is ", options.bos_count));
  }
  ChatFormat chat;
  chat.tokenizer_ = &tokenizer;
  int32_t bos = 0, start = 0, end = 0, end_of_turn = 0;
  for (const auto& [content, id] :
       {std::pair<const char*, int32_t*>{"<|begin_of_text|>", &bos},
        {"<|start_header_id|>", &start},
        {"<|end_header_id|>", &end},
        {"<|eot_id|>", &end_of_turn},
        {"<|image|>", &chat.image_id_}}) {
    const auto found = tokenizer.SpecialId(content);
    if (!found) {
      return absl::NotFoundError(absl::StrCat(
          "added_tokens: the tokenizer has no special token ", content));
    }
    *id = *found;
  }
  const auto header = [&](const char* role) {
    std::vector<int32_t> ids = {start};
    Append(tokenizer.Encode(role), &ids);
    ids.push_back(end);
    return ids;
  };
  chat.turn_.assign(options.bos_count, bos);
  Append(header("user"), &chat.turn_);
  chat.head_ = chat.turn_;
  Append(tokenizer.Encode(kBlankLine), &chat.head_);
  chat.tail_ = {end_of_turn};
  Append(header("assistant"), &chat.tail_);
  Append(tokenizer.Encode(kBlankLine), &chat.tail_);
  return chat;
}

std::vector<int32_t> ChatFormat::Prompt(std::string_view user_text,
                                        bool with_image) const {
  std::vector<int32_t> ids = with_image ? head_ : turn_;
  if (with_image) {
    ids.push_back(image_id_);
    Append(tokenizer_->Encode(user_text), &ids);
  } else {
    Append(tokenizer_->Encode(std::string(kBlankLine).append(user_text)), &ids);
  }
  Append(tail_, &ids);
  return ids;
}

}  // namespace stagebeam::tokens
