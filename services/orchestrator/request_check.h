#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_REQUEST_CHECK_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_REQUEST_CHECK_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "libs/search/search.h"
#include "services/orchestrator/question.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

namespace stagebeam::orchestrator {

// What a request may hold, and what stands where it says nothing.
struct RequestRules {
  int64_t max_image_bytes = 32 << 20;
  int64_t max_question_bytes = 64 << 10;
  search::Strategy default_strategy = search::StageBeam{2, 1};
  // 0: the generator's limit.
  int default_candidate_tokens = 0;
};

// Checks every field. INVALID_ARGUMENT "<field path>: <limit>" with
// google.rpc.BadRequest for the first that is wrong. An empty request_id stays
// empty.
absl::StatusOr<Question> ReadQuestion(const v1::ReasonRequest& request,
                                      const RequestRules& rules);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_REQUEST_CHECK_H_
