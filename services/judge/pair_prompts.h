#ifndef STAGEBEAM_SERVICES_JUDGE_PAIR_PROMPTS_H_
#define STAGEBEAM_SERVICES_JUDGE_PAIR_PROMPTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/judge.h"
#include "services/judge/judge_prompts.h"

namespace stagebeam::judge {

// In which order a pair is shown.
enum class Order { kAsGiven, kSwapped };

// Turns pairs of a request into prompts of the model. Thread-safe.
class PairPrompts {
 public:
  // Both must outlive it.
  PairPrompts(const engine::Engine& engine, const JudgePrompts& wording)
      : engine_(engine), wording_(wording) {}

  // Ids of the prompt of request.pairs[pair], up to and with the open assistant
  // turn; `begun` is what the assistant has said already. INVALID_ARGUMENT
  // where the context cannot hold it and `room` tokens more.
  absl::StatusOr<std::vector<int32_t>> Prompt(
      const inference::CompareRequest& request, size_t pair, Order order,
      const std::vector<int32_t>& begun, int room) const;

 private:
  const engine::Engine& engine_;
  const JudgePrompts& wording_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_PAIR_PROMPTS_H_
