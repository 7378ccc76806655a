#include "libs/remote/replica_health.h"

#include <algorithm>

namespace stagebeam::remote {

void ReplicaHealth::Failed(absl::Time now) {
  // Calls that were under way together fail together: that is one failure.
  if (CoolingDown(now)) return;
  current_ = current_ == absl::ZeroDuration()
                 ? first_
                 : std::min(2 * current_, longest_);
  cool_until_ = now + current_;
}

void ReplicaHealth::Succeeded() {
  current_ = absl::ZeroDuration();
  cool_until_ = absl::InfinitePast();
}

}  // namespace stagebeam::remote
