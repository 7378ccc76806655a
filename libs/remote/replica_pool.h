#ifndef STAGEBEAM_LIBS_REMOTE_REPLICA_POOL_H_
#define STAGEBEAM_LIBS_REMOTE_REPLICA_POOL_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/remote/endpoint.h"
#include "libs/remote/replica.h"
#include "libs/remote/replica_events.h"
#include "libs/remote/replica_health.h"
#include "libs/remote/replica_ranking.h"

namespace stagebeam::remote {

// One call's place on a replica, from choosing it to the call's end. Keeps the
// replica's channel alive, also after the pool let go of it. Movable, not
// thread-safe.
class ReplicaLease {
 public:
  explicit ReplicaLease(std::shared_ptr<Replica> replica);
  ~ReplicaLease();
  ReplicaLease(ReplicaLease&&) = default;
  ReplicaLease& operator=(ReplicaLease&&) = delete;

  Replica& replica() const { return *replica_; }

 private:
  std::shared_ptr<Replica> replica_;
};

// The replicas that there are now. New ones are connected at once; those that
// go get no more calls, and the calls that they have run on.
//
// Thread-safe.
class ReplicaPool {
 public:
  struct Options {
    RankingRules ranking;
    // Of a new replica.
    ReplicaHealth health;
    std::function<std::shared_ptr<grpc::Channel>(const Endpoint&)> connect;
    std::function<absl::Time()> now = absl::Now;
  };

  explicit ReplicaPool(Options options) : options_(std::move(options)) {}

  struct Change {
    std::vector<std::string> came;
    std::vector<std::string> went;
  };
  // From now on these are the replicas; those that were there stay as they are.
  Change Update(const std::vector<Endpoint>& endpoints);

  // The best replica for a session (see RankReplicas), if one is not in
  // `tried`.
  std::optional<ReplicaLease> Take(std::string_view session,
                                   std::string_view home,
                                   const std::set<std::string>& tried);
  // How fit a replica is; nothing where it is not here.
  std::optional<Fitness> FitnessOf(std::string_view address) const;
  // Whether a replica is not in `tried`.
  bool HasOther(const std::set<std::string>& tried) const;

  size_t size() const;
  std::vector<std::string> addresses() const;
  ReplicaCounts Counts() const;

 private:
  using Replicas = std::vector<std::shared_ptr<Replica>>;

  std::shared_ptr<Replica> FindOrMake(const Endpoint& endpoint) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<ReplicaStanding> Standings() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable absl::Mutex mutex_;
  Replicas replicas_ ABSL_GUARDED_BY(mutex_);
  // Gone from the list; their last calls own them.
  std::vector<std::weak_ptr<Replica>> leaving_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_POOL_H_
