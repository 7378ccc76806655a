#ifndef STAGEBEAM_LIBS_FEATURES_BREAKER_H_
#define STAGEBEAM_LIBS_FEATURES_BREAKER_H_

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/features/clock.h"

namespace stagebeam::features {

// A circuit breaker. Closed, it lets every call through; after some failures in
// a row it opens and refuses at once; after a pause it lets one call through on
// trial, whose end closes it or opens it again.
//
// Thread-safe.
class Breaker {
 public:
  struct Options {
    // Failures in a row that open it, at least 1.
    int failures = 3;
    // How long it stays open before a trial.
    absl::Duration pause = absl::Seconds(5);
  };

  // Hears whether the breaker is open, each time that this changes; quick, and
  // calls no breaker. May be empty.
  using Listener = std::function<void(bool open)>;

  Breaker(const Options& options, Clock clock, Listener listener = {});

  // OK: go ahead, and Record how it ended. Otherwise SkippedError, which names
  // the failure that opened it.
  absl::Status Admit();
  // Tells the end of an admitted call; counts it as a failure if IsOutage.
  void Record(const absl::Status& status);

 private:
  void Open(const absl::Status& cause) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Set(bool open) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Clock clock_;
  const Listener listener_;
  absl::Mutex mutex_;
  int failures_in_row_ ABSL_GUARDED_BY(mutex_) = 0;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool on_trial_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time trial_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status cause_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_BREAKER_H_
