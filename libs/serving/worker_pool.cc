#include "libs/serving/worker_pool.h"

#include <utility>

namespace stagebeam::serving {

WorkerPool::WorkerPool(int size) : size_(size) {}

WorkerPool::~WorkerPool() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

bool WorkerPool::TryRun(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  if (closing_ || busy_ == size_) return false;
  ++busy_;
  accepted_.push_back(std::move(work));
  if (static_cast<int>(threads_.size()) < busy_) {
    threads_.emplace_back([this] { WorkLoop(); });
  }
  return true;
}

void WorkerPool::WorkLoop() {
  const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closing_ || !accepted_.empty();
  };
  while (true) {
    std::function<void()> work;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&has_work));
      if (accepted_.empty()) return;
      work = std::move(accepted_.front());
      accepted_.pop_front();
    }
    work();
    // What the work holds is let go before the thread counts as free.
    work = nullptr;
    absl::MutexLock lock(&mutex_);
    --busy_;
  }
}

}  // namespace stagebeam::serving
