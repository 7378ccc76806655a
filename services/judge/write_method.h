#ifndef STAGEBEAM_SERVICES_JUDGE_WRITE_METHOD_H_
#define STAGEBEAM_SERVICES_JUDGE_WRITE_METHOD_H_

#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/judge.h"
#include "services/judge/hearing.h"
#include "services/judge/judge_prompts.h"
#include "services/judge/pair_prompts.h"
#include "services/judge/score_method.h"

namespace stagebeam::judge {

// How long a written verdict is.
struct VerdictLength {
  // The turn does not end earlier.
  int min_tokens = 0;
  // One sentence; a model that goes on rambles. At most what the engine samples
  // at all.
  int max_tokens = 128;
};

// Has the model write "Since …, I choose response 1." for every pair, sampled
// as the checkpoint suggests and with the request's seed. Thread-safe.
//
// A verdict that names no choice is decided by the score: the model is made to
// go on with score_prefix after what it wrote, whose keys and values the engine
// still holds.
class WriteMethod {
 public:
  // All but `length` must outlive it.
  WriteMethod(engine::Engine& engine, const JudgePrompts& wording,
              const ScoreMethod& score, const VerdictLength& length)
      : engine_(engine),
        wording_(wording),
        score_(score),
        length_(length),
        prompts_(engine, wording) {}

  // A verdict for each of hearing.pairs. A pair draws from the random stream
  // (seed, 0, s), whichever others are asked for: s is its stream, or its index
  // where it names none. Errors as Engine::Generate.
  absl::StatusOr<inference::CompareResult> Decide(
      const inference::CompareRequest& request, const Hearing& hearing) const;

 private:
  absl::StatusOr<engine::GenerateCall> ToCall(
      const inference::CompareRequest& request, const Hearing& hearing) const;
  // written[i]: what the model wrote after call.prompts[i].
  absl::Status ScoreUnparsed(const inference::CompareRequest& request,
                             const Hearing& hearing,
                             const engine::GenerateCall& call,
                             const std::vector<engine::Branch>& written,
                             inference::CompareResult* result) const;

  engine::Engine& engine_;
  const JudgePrompts& wording_;
  const ScoreMethod& score_;
  const VerdictLength length_;
  const PairPrompts prompts_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_WRITE_METHOD_H_
