#include "services/judge/hearing.h"

namespace stagebeam::judge {

inference::JudgeUsage ToUsage(const engine::CallUsage& usage) {
  return {.prompt_token_count = usage.prompt_token_count,
          .reused_token_count = usage.reused_token_count,
          .generated_token_count = usage.generated_token_count,
          .queue_time = usage.queue_time,
          .compute_time = usage.prefill_time + usage.decode_time};
}

void AddUsage(const inference::JudgeUsage& usage,
              inference::JudgeUsage* total) {
  total->prompt_token_count += usage.prompt_token_count;
  total->reused_token_count += usage.reused_token_count;
  total->generated_token_count += usage.generated_token_count;
  total->queue_time += usage.queue_time;
  total->compute_time += usage.compute_time;
}

}  // namespace stagebeam::judge
