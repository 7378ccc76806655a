#ifndef STAGEBEAM_SERVICES_JUDGE_SCORE_METHOD_H_
#define STAGEBEAM_SERVICES_JUDGE_SCORE_METHOD_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/judge.h"
#include "services/judge/duel_metrics.h"
#include "services/judge/hearing.h"
#include "services/judge/judge_prompts.h"
#include "services/judge/pair_prompts.h"

namespace stagebeam::judge {

// Decides by the probabilities of the two choices as the token after
// score_prefix: one engine call, no sampling. Thread-safe.
class ScoreMethod {
 public:
  // All must outlive it.
  ScoreMethod(engine::Engine& engine, const JudgePrompts& wording,
              DuelMetrics& metrics)
      : engine_(engine),
        wording_(wording),
        metrics_(metrics),
        prompts_(engine, wording) {}

  // A verdict for each of hearing.pairs. With both orders the two probabilities
  // of a candidate are averaged, so that swapping a pair swaps its verdict. A
  // tie, as of equal texts, goes to the candidate of lower index. Errors as
  // Engine::Score.
  absl::StatusOr<inference::CompareResult> Decide(
      const inference::CompareRequest& request, const Hearing& hearing,
      bool both_orders) const;

  // The same after prompts of the caller's, one for each of hearing.pairs and
  // with score_prefix at its end.
  absl::StatusOr<inference::CompareResult> DecideAfter(
      const inference::CompareRequest& request, const Hearing& hearing,
      std::vector<std::vector<int32_t>> prompts) const;

 private:
  absl::StatusOr<engine::ScoreOutput> Score(
      const Hearing& hearing, std::vector<std::vector<int32_t>> prompts) const;

  engine::Engine& engine_;
  const JudgePrompts& wording_;
  DuelMetrics& metrics_;
  const PairPrompts prompts_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_SCORE_METHOD_H_
