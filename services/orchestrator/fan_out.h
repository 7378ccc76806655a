#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_FAN_OUT_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_FAN_OUT_H_

#include <functional>
#include <utility>
#include <vector>

#include "libs/serving/worker_pool.h"

namespace stagebeam::orchestrator {

// Runs calls of searches side by side, over a bounded set of threads that all
// searches share. Thread-safe. The destructor waits for what runs.
class FanOut {
 public:
  // `threads`: calls beside those that the searches' own threads make.
  explicit FanOut(int threads) : pool_(threads) {}

  // Returns when all of `tasks` have run. The calling thread takes part, so
  // that a busy pool makes it slower and never stuck.
  void RunAll(const std::vector<std::function<void()>>& tasks);
  // Has `task` run on another thread. False, without running it, where all are
  // busy.
  bool TryRun(std::function<void()> task) {
    return pool_.TryRun(std::move(task));
  }

 private:
  serving::WorkerPool pool_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_FAN_OUT_H_
