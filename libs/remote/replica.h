#ifndef STAGEBEAM_LIBS_REMOTE_REPLICA_H_
#define STAGEBEAM_LIBS_REMOTE_REPLICA_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/remote/replica_health.h"
#include "libs/remote/replica_ranking.h"

namespace stagebeam::remote {

// One replica of a pool: its channel, its calls in flight, and how they ended.
// Thread-safe.
class Replica {
 public:
  // Begins to connect.
  Replica(std::string address, std::shared_ptr<grpc::Channel> channel,
          ReplicaHealth health);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  const std::string& address() const { return address_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // Of the channel, which watches the server's health.
  grpc_connectivity_state State() const;

  void Begin();
  void End();
  // Keeps what the end of a call says of the replica.
  void Learn(const absl::Status& status, absl::Time now);

  ReplicaStanding Standing() const;

 private:
  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
  mutable absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  ReplicaHealth health_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_H_
