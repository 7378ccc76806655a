#ifndef STAGEBEAM_SERVICES_JUDGE_REQUEST_CHECK_H_
#define STAGEBEAM_SERVICES_JUDGE_REQUEST_CHECK_H_

#include "absl/status/status.h"
#include "libs/inference/judge.h"

namespace stagebeam::judge {

// INVALID_ARGUMENT "<field>: <limit>" for the first field out of its range;
// fields are named as in ComparePairsRequest.
absl::Status CheckRequest(const inference::CompareRequest& request);

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_REQUEST_CHECK_H_
