#ifndef STAGEBEAM_LIBS_ENGINE_CALL_CHECK_H_
#define STAGEBEAM_LIBS_ENGINE_CALL_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/call.h"
#include "libs/engine/engine.h"

namespace stagebeam::engine {

// What a call may ask of one engine.
struct CallLimits {
  // Prompt ids are below this.
  int32_t prompt_ids = 0;
  // Ids that the logits have.
  int32_t logit_ids = 0;
  int32_t image_id = 0;
  // Tokens in front of <|image|>.
  std::vector<int32_t> head;
  int max_context = 0;
  int max_new_tokens = 0;
  int max_running_branches = 0;
  int64_t bytes_per_token = 0;
  int64_t kv_bytes = 0;
  int64_t bytes_per_image = 0;
  int64_t image_bytes = 0;
};

// A call's parameters, checked, with max_new_tokens in force. INVALID_ARGUMENT
// names the field and the limit; RESOURCE_EXHAUSTED: the call could not run
// even alone.
absl::StatusOr<CallRequest> CheckCall(const GenerateCall& call,
                                      const CallLimits& limits);
absl::StatusOr<CallRequest> CheckCall(const ScoreCall& call,
                                      const CallLimits& limits);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_CALL_CHECK_H_
