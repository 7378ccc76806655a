#include "services/judge/duel_metrics.h"

namespace stagebeam::judge {
namespace {

const char* MethodName(inference::JudgeMethod method) {
  switch (method) {
    case inference::JudgeMethod::kScore:
      return "score";
    case inference::JudgeMethod::kScoreBothOrders:
      return "score_both_orders";
    case inference::JudgeMethod::kWrite:
      return "write";
    case inference::JudgeMethod::kDefault:
      break;
  }
  return "default";
}

// From an even choice to certainty.
serving::Buckets Confidences() {
  return {0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 1};
}

}  // namespace

DuelMetrics::DuelMetrics(serving::Metrics& metrics)
    : metrics_(metrics),
      unparsed_(metrics.AddCounter("stagebeam_judge_unparsed_verdicts_total",
                                   "Written verdicts that name no choice.")) {
  for (const bool agreed : {true, false}) OrderChecks(agreed);
}

serving::Counter DuelMetrics::Duels(inference::JudgeMethod method,
                                    bool first_is_better) {
  return metrics_.AddCounter(
      "stagebeam_judge_duels_total",
      "Pairs decided, by method and by which of the pair won.",
      {{"method", MethodName(method)},
       {"outcome", first_is_better ? "first" : "second"}});
}

serving::Counter DuelMetrics::OrderChecks(bool agreed) {
  return metrics_.AddCounter(
      "stagebeam_judge_order_checks_total",
      "Pairs scored in both orders, by whether both prefer the same text.",
      {{"outcome", agreed ? "agreed" : "disagreed"}});
}

void DuelMetrics::Count(inference::JudgeMethod method,
                        const inference::Verdict& verdict) {
  // Both, so that neither side's rate lacks its first duel.
  Duels(method, !verdict.first_is_better);
  Duels(method, verdict.first_is_better).Increment();
  metrics_
      .AddHistogram("stagebeam_judge_confidence_ratio",
                    "Probability given to the better of a pair, by method.",
                    Confidences(), {{"method", MethodName(method)}})
      .Observe(verdict.confidence);
  if (verdict.unparsed) unparsed_.Increment();
}

void DuelMetrics::CountOrders(bool agreed) { OrderChecks(agreed).Increment(); }

}  // namespace stagebeam::judge
