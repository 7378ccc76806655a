#ifndef STAGEBEAM_LIBS_REMOTE_REPLICA_HEALTH_H_
#define STAGEBEAM_LIBS_REMOTE_REPLICA_HEALTH_H_

#include "absl/time/time.h"

namespace stagebeam::remote {

// Keeps a failing replica out of the way for a while: after each failure in a
// row twice as long, from `first` up to `longest`. A success forgets all.
//
// Not thread-safe.
class ReplicaHealth {
 public:
  ReplicaHealth(absl::Duration first, absl::Duration longest)
      : first_(first), longest_(longest) {}

  void Failed(absl::Time now);
  void Succeeded();
  bool CoolingDown(absl::Time now) const { return now < cool_until_; }

 private:
  absl::Duration first_;
  absl::Duration longest_;
  absl::Duration current_ = absl::ZeroDuration();
  absl::Time cool_until_ = absl::InfinitePast();
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_HEALTH_H_
