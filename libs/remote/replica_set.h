#ifndef STAGEBEAM_LIBS_REMOTE_REPLICA_SET_H_
#define STAGEBEAM_LIBS_REMOTE_REPLICA_SET_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/inference/request_context.h"
#include "libs/remote/channel_options.h"
#include "libs/remote/replica_health.h"
#include "libs/remote/retry_budget.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::remote {

// How one attempt of a call ended. For metrics and logs.
struct AttemptReport {
  std::string_view replica;
  // From 1.
  int attempt = 1;
  // OK where it succeeded.
  absl::Status status;
  // Whether another attempt follows.
  bool retried = false;
};

struct ReplicaSetOptions {
  ChannelOptions channel;
  // Attempts of one call.
  int max_attempts = 4;
  // As RetryBudget.
  double retry_budget = 100;
  double retry_tokens_per_success = 0.2;
  // As ReplicaHealth.
  absl::Duration first_cool_down = absl::Milliseconds(500);
  absl::Duration longest_cool_down = absl::Seconds(5);
  // Pause before a replica is tried a second time within one call; doubles.
  absl::Duration first_backoff = absl::Milliseconds(100);
  // The time that cool-downs go by.
  std::function<absl::Time()> now = absl::Now;
  // Hears of every attempt, on the calling thread; may be empty.
  std::function<void(const AttemptReport&)> on_attempt;
  // Where attempts become spans.
  tracing::Tracer tracer = {};
};

// The replicas of one service, and which of them a call goes to.
//
// A call goes to the replicas in the rendezvous order of its key, those in
// cool-down last. UNAVAILABLE (never reached, gone in mid-call, draining) cools
// the replica down and moves on to the next one; so does RESOURCE_EXHAUSTED
// with google.rpc.RetryInfo, without a cool-down. Anything else is the answer.
// After every replica was tried once, the order starts again with a pause,
// until attempts, retry budget or the call's time run out: then the last error
// stands.
//
// Thread-safe.
class ReplicaSet {
 public:
  // One attempt on one replica. `client` carries deadline, cancellation and
  // metadata. Called anew for each attempt: it starts its output afresh.
  using Attempt = std::function<grpc::Status(
      grpc::ClientContext& client,
      const std::shared_ptr<grpc::Channel>& channel)>;

  // Which replicas a call prefers, and when it moves on.
  struct Route {
    // Calls with the same key go to the same replica while it is there.
    std::string_view key;
    // Asks the next replica on NOT_FOUND too, each one once.
    bool search_all = false;
  };

  // `addresses`: as ResolveAddresses, resolved here once. Errors as
  // ResolveAddresses and MakeCredentials; INVALID_ARGUMENT too where the token
  // cannot travel. Connects to nobody yet.
  static absl::StatusOr<std::unique_ptr<ReplicaSet>> Create(
      std::string_view addresses, ReplicaSetOptions options = {});

  ReplicaSet(const ReplicaSet&) = delete;
  ReplicaSet& operator=(const ReplicaSet&) = delete;

  // Runs `attempt` until one succeeds or the rules above end it. CANCELLED and
  // DEADLINE_EXCEEDED as the context says; errors carry their details.
  absl::Status Call(const inference::RequestContext& context,
                    const Route& route, const Attempt& attempt);

  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  class Walk;

  ReplicaSet(std::vector<std::string> addresses, ReplicaSetOptions options,
             const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // Replicas in the order in which `key` tries them now.
  std::vector<size_t> Order(std::string_view key);
  absl::Status RunAttempt(const inference::RequestContext& context,
                          const std::shared_ptr<grpc::Channel>& channel,
                          const Attempt& attempt) const;
  // Keeps what the attempt says of its replica.
  void Learn(size_t replica, const absl::Status& status);
  bool TakeRetryToken();

  const ReplicaSetOptions options_;
  const std::vector<std::string> addresses_;
  // Channels, and below healths, in the order of addresses_.
  std::vector<std::shared_ptr<grpc::Channel>> replicas_;
  absl::Mutex mutex_;
  std::vector<ReplicaHealth> health_ ABSL_GUARDED_BY(mutex_);
  RetryBudget budget_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_SET_H_
