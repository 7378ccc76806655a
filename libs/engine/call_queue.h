#ifndef STAGEBEAM_LIBS_ENGINE_CALL_QUEUE_H_
#define STAGEBEAM_LIBS_ENGINE_CALL_QUEUE_H_

#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "libs/engine/call.h"

namespace stagebeam::engine {

// Where calls wait for their place, and how callers wake the scheduler thread.
//
// Thread-safe.
class CallQueue {
 public:
  explicit CallQueue(int max_waiting) : max_waiting_(max_waiting) {}

  // The callers' side. Enter puts a call at the end: RESOURCE_EXHAUSTED where
  // the queue is full, CANCELLED after Close. Whoever entered leaves; true
  // where the call still waited for its place.
  absl::Status Enter(const std::shared_ptr<CallTicket>& ticket)
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool Leave(const CallTicket& ticket) ABSL_LOCKS_EXCLUDED(mutex_);
  // There is something for the scheduler to look at.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

  // The scheduler's side. WaitForWork waits for news, or not where the thread
  // is `busy`; false after Close.
  bool WaitForWork(bool busy) ABSL_LOCKS_EXCLUDED(mutex_);
  // Null where nobody waits.
  std::shared_ptr<CallTicket> First() ABSL_LOCKS_EXCLUDED(mutex_);
  // True where it still waited.
  bool Remove(const CallTicket& ticket) ABSL_LOCKS_EXCLUDED(mutex_);
  // Who waits: calls, and the branches that they want.
  struct Load {
    int calls = 0;
    int branches = 0;
  };
  Load load() const ABSL_LOCKS_EXCLUDED(mutex_);

  // The end: nobody enters any more, and WaitForWork returns.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives all that wait this result.
  void FinishAll(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns when all who entered have left.
  void AwaitEmpty() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // True where it was there.
  bool Erase(const CallTicket& ticket) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int max_waiting_;
  mutable absl::Mutex mutex_;
  std::deque<std::shared_ptr<CallTicket>> waiting_ ABSL_GUARDED_BY(mutex_);
  int entered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_CALL_QUEUE_H_
