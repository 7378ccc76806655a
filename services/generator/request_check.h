#ifndef STAGEBEAM_SERVICES_GENERATOR_REQUEST_CHECK_H_
#define STAGEBEAM_SERVICES_GENERATOR_REQUEST_CHECK_H_

#include "absl/status/status.h"
#include "libs/inference/generator.h"

namespace stagebeam::generator {

// What a request's numbers may be, as the model and the server have it.
struct RequestLimits {
  int max_new_tokens = 0;
  // Prefix tokens are in [0, token_count), `image_id` excepted: a prompt has
  // one picture, in front.
  int token_count = 0;
  int image_id = -1;
};

// INVALID_ARGUMENT "<field>: <limit>" for the first field out of its range;
// fields are named as in GenerateCandidatesRequest.
absl::Status CheckRequest(const inference::GenerateRequest& request,
                          const RequestLimits& limits);

}  // namespace stagebeam::generator

#endif  // STAGEBEAM_SERVICES_GENERATOR_REQUEST_CHECK_H_
