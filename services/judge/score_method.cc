#include "services/judge/score_method.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

bool AreEqual(const inference::CompareRequest& request,
              const inference::Pair& pair) {
  return request.candidates[pair.first] == request.candidates[pair.second];
}

// margins[i]: of hearing.pairs[i].
inference::CompareResult ToResult(const inference::CompareRequest& request,
                                  const Hearing& hearing,
                                  const std::vector<double>& margins,
                                  const engine::CallUsage& usage) {
  inference::CompareResult result;
  for (size_t i = 0; i < hearing.pairs.size(); ++i) {
    const inference::Pair& pair = request.pairs[hearing.pairs[i]];
    const double margin = AreEqual(request, pair) ? 0 : margins[i];
    result.verdicts.push_back(ToVerdict(margin, pair));
  }
  result.usage = ToUsage(usage);
  return result;
}

}  // namespace

absl::StatusOr<inference::CompareResult> ScoreMethod::Decide(
    const inference::CompareRequest& request, const Hearing& hearing,
    bool both_orders) const {
  std::vector<std::vector<int32_t>> prompts;
  for (const size_t pair : hearing.pairs) {
    for (const Order order : {Order::kAsGiven, Order::kSwapped}) {
      if (order == Order::kSwapped && !both_orders) continue;
      auto prompt = prompts_.Prompt(request, pair, order,
                                    wording_.score_prefix_ids(), /*room=*/0);
      if (!prompt.ok()) return prompt.status();
      prompts.push_back(*std::move(prompt));
    }
  }
  if (!both_orders) return DecideAfter(request, hearing, std::move(prompts));
  const auto output = Score(hearing, std::move(prompts));
  if (!output.ok()) return output.status();
  std::vector<double> margins;
  for (size_t i = 0; i < hearing.pairs.size(); ++i) {
    const double as_given = Margin(output->probabilities[2 * i]);
    const double swapped = Margin(output->probabilities[2 * i + 1]);
    // A difference of differences: exactly the opposite for the swapped pair.
    margins.push_back((as_given - swapped) / 2);
    if (!AreEqual(request, request.pairs[hearing.pairs[i]]))
      metrics_.CountOrders(/*agreed=*/as_given * swapped < 0);
  }
  return ToResult(request, hearing, margins, output->usage);
}

absl::StatusOr<inference::CompareResult> ScoreMethod::DecideAfter(
    const inference::CompareRequest& request, const Hearing& hearing,
    std::vector<std::vector<int32_t>> prompts) const {
  const auto output = Score(hearing, std::move(prompts));
  if (!output.ok()) return output.status();
  std::vector<double> margins;
  for (const auto& probabilities : output->probabilities)
    margins.push_back(Margin(probabilities));
  return ToResult(request, hearing, margins, output->usage);
}

absl::StatusOr<engine::ScoreOutput> ScoreMethod::Score(
    const Hearing& hearing, std::vector<std::vector<int32_t>> prompts) const {
  engine::ScoreCall call;
  call.control = hearing.control;
  call.image = hearing.image;
  call.choices = wording_.choice_ids();
  call.prompts = std::move(prompts);
  auto output = engine_.Score(call);
  if (output.ok() && hearing.on_call) hearing.on_call(output->usage);
  return output;
}

}  // namespace stagebeam::judge
