#ifndef STAGEBEAM_SERVICES_WORKER_CONFIG_H_
#define STAGEBEAM_SERVICES_WORKER_CONFIG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/engine/options.h"
#include "libs/features/feature_stack.h"
#include "services/worker/feature_source.h"

namespace stagebeam::worker {

// What a generator and a judge are told alike.
struct WorkerOptions {
  // INVALID_ARGUMENT unless `checkpoint` names a directory.
  engine::EngineOptions engine;
  FeatureSourceOptions features;
};

// The flags that generator and judge share, checked: INVALID_ARGUMENT names the
// flag and its limit.
absl::StatusOr<WorkerOptions> WorkerOptionsFromFlags();

// The check alone, for options that did not come from flags.
absl::Status Validate(const WorkerOptions& options);

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_CONFIG_H_
