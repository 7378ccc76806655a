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

}  // namespace

DuelMetrics::DuelMetrics(serving::Metrics& metrics)
    : metrics_(metrics),
      unparsed_(metrics.AddCounter("stagebeam_judge_unparsed_verdicts_total",
                                   "Written verdicts that name no choice.")) {}

void DuelMetrics::Count(inference::JudgeMethod method,
                        const inference::Verdict& verdict) {
  metrics_
      .AddCounter("stagebeam_judge_duels_total",
                  "Pairs decided, by method and by which of the pair won.",
                  {{"method", MethodName(method)},
                   {"outcome", verdict.first_is_better ? "first" : "second"}})
      .Increment();
  if (verdict.unparsed) unparsed_.Increment();
}

}  // namespace stagebeam::judge
