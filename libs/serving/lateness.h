#ifndef STAGEBEAM_LIBS_SERVING_LATENESS_H_
#define STAGEBEAM_LIBS_SERVING_LATENESS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace stagebeam::serving {

// How a call that arrived at `arrival` ended at `now`, for counting. A caller
// whose time is up cancels, and does so a little before this process's own
// clock says that it is up: gRPC rounds the time that it passes on up, by as
// much as a hundredth. Such a CANCELLED becomes a DEADLINE_EXCEEDED; any other
// status stays as it is.
absl::Status WithLateness(const absl::Status& status, absl::Time arrival,
                          absl::Time deadline, absl::Time now);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_LATENESS_H_
