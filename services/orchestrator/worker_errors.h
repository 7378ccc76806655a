#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_ERRORS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_ERRORS_H_

#include "absl/status/status.h"

namespace stagebeam::orchestrator {

// A worker's error as a caller of the public API understands it.
//
// UNAVAILABLE with google.rpc.RetryInfo: workers full, gone, or of different
// models. NOT_FOUND, for `by_key`: the features are gone. INVALID_ARGUMENT
// names the field of ReasonRequest. CANCELLED and DEADLINE_EXCEEDED stay;
// everything else is INTERNAL.
absl::Status ForCaller(const absl::Status& error, bool by_key);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_ERRORS_H_
