#include "libs/features/breaker.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/features/store_status.h"

namespace stagebeam::features {

Breaker::Breaker(const Options& options, Clock clock, Listener listener)
    : options_(options),
      clock_(std::move(clock)),
      listener_(std::move(listener)) {}

absl::Status Breaker::Admit() {
  absl::MutexLock lock(&mutex_);
  if (!open_) return absl::OkStatus();
  if (on_trial_ || clock_() < trial_at_) {
    return SkippedError(absl::StrCat("left alone after ", options_.failures,
                                     " failures: ", cause_.message()));
  }
  on_trial_ = true;
  return absl::OkStatus();
}

void Breaker::Record(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!IsOutage(status)) {
    Set(false);
    on_trial_ = false;
    failures_in_row_ = 0;
    return;
  }
  ++failures_in_row_;
  if (open_ || failures_in_row_ >= options_.failures) Open(status);
}

void Breaker::Open(const absl::Status& cause) {
  Set(true);
  on_trial_ = false;
  trial_at_ = clock_() + options_.pause;
  cause_ = cause;
}

void Breaker::Set(bool open) {
  const bool changes = open != std::exchange(open_, open);
  if (changes && listener_) listener_(open);
}

}  // namespace stagebeam::features
