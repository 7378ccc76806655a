#include "services/orchestrator/fan_out.h"

#include <cstddef>

#include "absl/synchronization/blocking_counter.h"

namespace stagebeam::orchestrator {

void FanOut::RunAll(const std::vector<std::function<void()>>& tasks) {
  if (tasks.empty()) return;
  absl::BlockingCounter others(static_cast<int>(tasks.size()) - 1);
  std::vector<size_t> own = {0};
  for (size_t i = 1; i < tasks.size(); ++i) {
    const bool taken = pool_.TryRun([&others, &task = tasks[i]] {
      task();
      others.DecrementCount();
    });
    if (!taken) own.push_back(i);
  }
  for (size_t i : own) {
    tasks[i]();
    if (i > 0) others.DecrementCount();
  }
  others.Wait();
}

}  // namespace stagebeam::orchestrator
