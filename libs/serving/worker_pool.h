#ifndef STAGEBEAM_LIBS_SERVING_WORKER_POOL_H_
#define STAGEBEAM_LIBS_SERVING_WORKER_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace stagebeam::serving {

// Threads that run blocking calls: at most `size` at a time, none waiting.
// Threads start when they are first needed and then stay.
//
// Thread-safe. The destructor waits for what runs.
class WorkerPool {
 public:
  explicit WorkerPool(int size);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `work` on a thread of the pool. False, without running it, where all
  // threads are busy.
  bool TryRun(std::function<void()> work);

 private:
  void WorkLoop();

  const int size_;
  absl::Mutex mutex_;
  // Accepted and not yet finished.
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> accepted_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_WORKER_POOL_H_
