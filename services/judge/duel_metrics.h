#ifndef STAGEBEAM_SERVICES_JUDGE_DUEL_METRICS_H_
#define STAGEBEAM_SERVICES_JUDGE_DUEL_METRICS_H_

#include "libs/inference/judge.h"
#include "libs/serving/metrics.h"

namespace stagebeam::judge {

// Counts stagebeam_judge_duels_total{method,outcome}: outcome "first" or
// "second", as the pair was given, so that a bias for a position shows; and
// stagebeam_judge_unparsed_verdicts_total. Thread-safe.
class DuelMetrics {
 public:
  // `metrics` must outlive it.
  explicit DuelMetrics(serving::Metrics& metrics);

  void Count(inference::JudgeMethod method, const inference::Verdict& verdict);

 private:
  serving::Metrics& metrics_;
  serving::Counter unparsed_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_DUEL_METRICS_H_
