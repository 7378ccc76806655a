#include "libs/remote/periodic_task.h"

#include <utility>

namespace stagebeam::remote {

PeriodicTask::PeriodicTask(absl::Duration interval, std::function<void()> task)
    : interval_(interval),
      task_(std::move(task)),
      thread_([this] { Loop(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

void PeriodicTask::Loop() {
  while (Pause()) task_();
}

bool PeriodicTask::Pause() {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&ending_), interval_);
}

}  // namespace stagebeam::remote
