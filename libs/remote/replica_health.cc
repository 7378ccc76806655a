#include "libs/remote/replica_health.h"

#include <algorithm>

namespace stagebeam::remote {

void ReplicaHealth::Failed(absl::Time now) {
  errors_ = 0;
  // Calls that were under way together fail together: that is one failure.
  if (CoolingDown(now)) return;
  current_ = current_ == absl::ZeroDuration()
                 ? first_
                 : std::min(2 * current_, longest_);
  cool_until_ = now + current_;
}

void ReplicaHealth::Erred(absl::Time now) {
  if (++errors_ >= errors_in_a_row_) Failed(now);
}

void ReplicaHealth::Succeeded() {
  errors_ = 0;
  current_ = absl::ZeroDuration();
  cool_until_ = absl::InfinitePast();
}

}  // namespace stagebeam::remote
