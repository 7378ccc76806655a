#include "services/judge/score_method.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stagebeam::judge {
namespace {

// By how much the first choice is likelier than the second, [-1, 1].
double Margin(const std::vector<double>& probabilities) {
  return probabilities[0] - probabilities[1];
}

// `margin`: of the pair's first candidate over its second, [-1, 1].
inference::Verdict ToVerdict(double margin, const inference::Pair& pair) {
  inference::Verdict verdict;
  verdict.first_is_better = margin == 0 ? pair.first < pair.second : margin > 0;
  verdict.confidence = std::clamp(0.5 + std::abs(margin) / 2, 0.5, 1.0);
  return verdict;
}

}  // namespace

absl::StatusOr<Decision> ScoreMethod::Decide(
    const inference::CompareRequest& request, const Hearing& hearing,
    bool both_orders) const {
  engine::ScoreCall call;
  call.control = hearing.control;
  call.image = hearing.image;
  call.choices = wording_.choice_ids();
  for (const size_t pair : hearing.pairs) {
    for (const Order order : {Order::kAsGiven, Order::kSwapped}) {
      if (order == Order::kSwapped && !both_orders) continue;
      auto prompt = prompts_.Prompt(request, pair, order,
                                    wording_.score_prefix_ids(), /*room=*/0);
      if (!prompt.ok()) return prompt.status();
      call.prompts.push_back(*std::move(prompt));
    }
  }
  auto output = engine_.Score(call);
  if (!output.ok()) return output.status();

  Decision decision{.verdicts = {}, .usage = output->usage};
  size_t next = 0;
  for (const size_t index : hearing.pairs) {
    const inference::Pair& pair = request.pairs[index];
    double margin = Margin(output->probabilities[next++]);
    // A difference of differences: exactly the opposite for the swapped pair.
    if (both_orders)
      margin = (margin - Margin(output->probabilities[next++])) / 2;
    if (request.candidates[pair.first] == request.candidates[pair.second])
      margin = 0;
    decision.verdicts.push_back(ToVerdict(margin, pair));
  }
  return decision;
}

}  // namespace stagebeam::judge
