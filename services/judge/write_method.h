#ifndef STAGEBEAM_SERVICES_JUDGE_WRITE_METHOD_H_
#define STAGEBEAM_SERVICES_JUDGE_WRITE_METHOD_H_

#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/judge.h"
#include "services/judge/judge_prompts.h"
#include "services/judge/pair_prompts.h"
#include "services/judge/score_method.h"

namespace stagebeam::judge {

// Has the model write "Since …, I choose response 1." for every pair, sampled
// as the checkpoint suggests and with the request's seed. Thread-safe.
class WriteMethod {
 public:
  // Both must outlive it.
  WriteMethod(engine::Engine& engine, const JudgePrompts& wording)
      : engine_(engine), wording_(wording), prompts_(engine, wording) {}

  // Pair i of the request draws from the random stream (seed, 0, i), whichever
  // others are asked for. Errors as Engine::Generate.
  absl::StatusOr<Decision> Decide(const inference::CompareRequest& request,
                                  const Hearing& hearing) const;

 private:
  engine::Engine& engine_;
  const JudgePrompts& wording_;
  const PairPrompts prompts_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_WRITE_METHOD_H_
