#ifndef STAGEBEAM_SERVICES_JUDGE_SCORE_METHOD_H_
#define STAGEBEAM_SERVICES_JUDGE_SCORE_METHOD_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/judge.h"
#include "services/judge/judge_prompts.h"
#include "services/judge/pair_prompts.h"

namespace stagebeam::judge {

// How pairs came out and what it took.
struct Decision {
  // Verdict of each pair asked for; none where a written one names no choice.
  std::vector<std::optional<inference::Verdict>> verdicts;
  engine::CallUsage usage;
};

// What a method is given besides the request.
struct Hearing {
  engine::CallControl control;
  std::optional<engine::ImagePrompt> image;
  // Indices into request.pairs.
  std::vector<size_t> pairs;
};

// Decides by the probabilities of the two choices as the token after
// score_prefix: one engine call, no sampling. Thread-safe.
class ScoreMethod {
 public:
  // Both must outlive it.
  ScoreMethod(engine::Engine& engine, const JudgePrompts& wording)
      : engine_(engine), wording_(wording), prompts_(engine, wording) {}

  // With both orders the two probabilities of a candidate are averaged, so that
  // swapping a pair swaps its verdict. A tie, as of equal texts, goes to the
  // candidate of lower index. Errors as Engine::Score.
  absl::StatusOr<Decision> Decide(const inference::CompareRequest& request,
                                  const Hearing& hearing,
                                  bool both_orders) const;

 private:
  engine::Engine& engine_;
  const JudgePrompts& wording_;
  const PairPrompts prompts_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_SCORE_METHOD_H_
