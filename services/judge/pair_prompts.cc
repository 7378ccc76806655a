#include "services/judge/pair_prompts.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::judge {

absl::StatusOr<std::vector<int32_t>> PairPrompts::Prompt(
    const inference::CompareRequest& request, size_t pair, Order order,
    const std::vector<int32_t>& begun, int room) const {
  Duel duel{.subject = request.subject,
            .question = request.question,
            .hint = request.hint,
            .first = request.candidates[request.pairs[pair].first],
            .second = request.candidates[request.pairs[pair].second]};
  if (order == Order::kSwapped) std::swap(duel.first, duel.second);
  std::vector<int32_t> ids =
      engine_.chat().Prompt(wording_.Render(duel), request.image.has_value());
  ids.insert(ids.end(), begun.begin(), begun.end());
  if (static_cast<int64_t>(ids.size()) + room <= engine_.max_context())
    return ids;
  return serving::InvalidField(
      absl::StrCat("pairs[", pair, "]"),
      absl::StrCat("its prompt has ", ids.size(), " tokens and needs ", room,
                   " more, the context holds ", engine_.max_context()));
}

}  // namespace stagebeam::judge
