#ifndef STAGEBEAM_SERVICES_JUDGE_DUEL_METRICS_H_
#define STAGEBEAM_SERVICES_JUDGE_DUEL_METRICS_H_

#include "libs/inference/judge.h"
#include "libs/serving/metrics.h"

namespace stagebeam::judge {

// Counts verdicts by which of the pair won, as the pair was given, so that a
// bias for a position shows; how sure the judge was; whether it said the same
// when asked in the other order; and written verdicts that name no choice. All
// as stagebeam_judge_*. Thread-safe.
class DuelMetrics {
 public:
  // `metrics` must outlive it.
  explicit DuelMetrics(serving::Metrics& metrics);

  void Count(inference::JudgeMethod method, const inference::Verdict& verdict);
  // Different texts were compared in both orders.
  void CountOrders(bool agreed);

 private:
  serving::Counter Duels(inference::JudgeMethod method, bool first_is_better);
  serving::Counter OrderChecks(bool agreed);

  serving::Metrics& metrics_;
  serving::Counter unparsed_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_DUEL_METRICS_H_
