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
  // `errors_in_a_row`: see Erred.
  ReplicaHealth(absl::Duration first, absl::Duration longest,
                int errors_in_a_row = 5)
      : first_(first), longest_(longest), errors_in_a_row_(errors_in_a_row) {}

  void Failed(absl::Time now);
  // An answer that a broken replica gives, but that one request alone may have
  // earned too: `errors_in_a_row` of them are one failure.
  void Erred(absl::Time now);
  void Succeeded();
  bool CoolingDown(absl::Time now) const { return now < cool_until_; }
  // In the past where it is not cooling down.
  absl::Time cool_until() const { return cool_until_; }

 private:
  absl::Duration first_;
  absl::Duration longest_;
  int errors_in_a_row_;
  int errors_ = 0;
  absl::Duration current_ = absl::ZeroDuration();
  absl::Time cool_until_ = absl::InfinitePast();
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_HEALTH_H_
