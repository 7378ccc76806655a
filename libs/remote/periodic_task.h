#ifndef STAGEBEAM_LIBS_REMOTE_PERIODIC_TASK_H_
#define STAGEBEAM_LIBS_REMOTE_PERIODIC_TASK_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace stagebeam::remote {

// Runs a task on a thread of its own, first after one interval and then again
// and again, each time an interval after the last run ended.
//
// The destructor ends the pause at once and waits for a run that is under way.
class PeriodicTask {
 public:
  PeriodicTask(absl::Duration interval, std::function<void()> task);
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Loop();
  // Whether the pause went by without an end.
  bool Pause();

  const absl::Duration interval_;
  const std::function<void()> task_;
  absl::Mutex mutex_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_PERIODIC_TASK_H_
