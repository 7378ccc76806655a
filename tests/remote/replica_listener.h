#ifndef STAGEBEAM_TESTS_REMOTE_REPLICA_LISTENER_H_
#define STAGEBEAM_TESTS_REMOTE_REPLICA_LISTENER_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/remote/replica_events.h"

namespace stagebeam::remote {

// Keeps what it hears of a set's replicas, and waits for more. Thread-safe.
class ReplicaListener final : public ReplicaObserver {
 public:
  void OnCome(std::string_view address) override {
    absl::MutexLock lock(&mutex_);
    came_.insert(std::string(address));
  }
  void OnGo(std::string_view address) override {
    absl::MutexLock lock(&mutex_);
    went_.insert(std::string(address));
  }
  void OnLookUp(const absl::Status& status) override {
    absl::MutexLock lock(&mutex_);
    look_ups_.push_back(status);
  }
  void OnCounts(const ReplicaCounts& counts) override {
    absl::MutexLock lock(&mutex_);
    counts_ = counts;
  }
  void OnMove(MoveReason reason) override {
    absl::MutexLock lock(&mutex_);
    moves_.push_back(reason);
  }

  bool AwaitCome(const std::string& address) {
    return Await([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return came_.contains(address);
    });
  }
  bool AwaitGo(const std::string& address) {
    return Await([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return went_.contains(address);
    });
  }
  bool AwaitCounts(const ReplicaCounts& counts) {
    return Await([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return counts_ == counts;
    });
  }
  // Until looking up has changed so many times between well and ill.
  bool AwaitLookUps(size_t count) {
    return Await([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return look_ups_.size() >= count;
    });
  }
  std::vector<MoveReason> moves() {
    absl::MutexLock lock(&mutex_);
    return moves_;
  }
  std::vector<absl::Status> look_ups() {
    absl::MutexLock lock(&mutex_);
    return look_ups_;
  }

 private:
  template <typename Predicate>
  bool Await(Predicate predicate) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&predicate),
                                   absl::Minutes(1));
  }

  absl::Mutex mutex_;
  std::set<std::string> came_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> went_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Status> look_ups_ ABSL_GUARDED_BY(mutex_);
  ReplicaCounts counts_ ABSL_GUARDED_BY(mutex_);
  std::vector<MoveReason> moves_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_TESTS_REMOTE_REPLICA_LISTENER_H_
