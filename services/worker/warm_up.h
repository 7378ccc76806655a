#ifndef STAGEBEAM_SERVICES_WORKER_WARM_UP_H_
#define STAGEBEAM_SERVICES_WORKER_WARM_UP_H_

#include "absl/status/status.h"
#include "libs/engine/engine.h"

namespace stagebeam::worker {

// Has the model answer once, so that health tells the truth and the first call
// does not pay for first touches. The engine's error where it cannot.
absl::Status WarmUp(engine::Engine& engine);

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_WARM_UP_H_
