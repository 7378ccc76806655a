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
#include "libs/remote/address_book.h"
#include "libs/remote/channel_options.h"
#include "libs/remote/replica_events.h"
#include "libs/remote/retry_budget.h"
#include "libs/remote/session_memory.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::remote {

class PeriodicTask;
class ReplicaLease;
class ReplicaPool;

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
  // How often names and files are looked up again.
  absl::Duration refresh_interval = absl::Seconds(2);
  // As RankingRules.
  double load_bound = 1.25;
  int always_allowed = 4;
  double largest_ejected_share = 0.5;
  // Sessions whose last replica is remembered.
  int remembered_sessions = 1 << 16;
  // The time that cool-downs go by.
  std::function<absl::Time()> now = absl::Now;
  // Hears of every attempt, on the calling thread; may be empty.
  std::function<void(const AttemptReport&)> on_attempt;
  // Where attempts become spans.
  tracing::Tracer tracer = {};
  // Hears what becomes of the replicas; may be null, must outlive the set.
  ReplicaObserver* observer = nullptr;
};

// The replicas of one service, and which of them a call goes to.
//
// Replicas are looked up at the beginning and then every `refresh_interval`,
// and connected at once. Each connection watches its server's health
// (grpc.health.v1), so that a replica that drains gets no calls and one that
// starts gets them as soon as it serves.
//
// A session's call goes to the replica that answered its last one, a new
// session's to the first one in the session's rendezvous order; those that are
// over the load bound, in cool-down or out of reach come last (RankReplicas).
// UNAVAILABLE (never reached, gone in mid-call, draining), or CANCELLED by the
// server, cools the replica down and moves on to the next one; so does
// RESOURCE_EXHAUSTED with google.rpc.RetryInfo, without a cool-down. Anything
// else is the answer; but
// INTERNAL, UNKNOWN and DATA_LOSS, several in a row, cool the replica down too.
// After every replica was tried once, the order starts again with a pause,
// until attempts, retry budget or the call's time run out: then the last error
// stands, but for gRPC's own of a connection, which becomes an UNAVAILABLE that
// counts the attempts.
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
    // The session: calls with the same key go to the same replica while it can
    // take them.
    std::string_view key;
    // Asks the next replica on NOT_FOUND too, each one once, and remembers
    // nobody.
    bool search_all = false;
  };

  // `addresses`: as AddressBook. INVALID_ARGUMENT: one that is none, or a token
  // that cannot travel; errors as MakeCredentials. A name that does not resolve
  // yet, or a file that is not there yet, is no error: calls are UNAVAILABLE
  // until it is. Blocks on DNS.
  static absl::StatusOr<std::unique_ptr<ReplicaSet>> Create(
      std::string_view addresses, ReplicaSetOptions options = {});

  // Waits for a look-up that is under way.
  ~ReplicaSet();
  ReplicaSet(const ReplicaSet&) = delete;
  ReplicaSet& operator=(const ReplicaSet&) = delete;

  // Runs `attempt` until one succeeds or the rules above end it. CANCELLED and
  // DEADLINE_EXCEEDED as the context says; errors carry their details.
  absl::Status Call(const inference::RequestContext& context,
                    const Route& route, const Attempt& attempt);

  // The replicas that are listed now.
  std::vector<std::string> addresses() const;

 private:
  class Walk;

  ReplicaSet(AddressBook book, ReplicaSetOptions options,
             std::unique_ptr<ReplicaPool> pool);

  // Looks the addresses up again, and tells the observer. Only on the
  // refresher's thread, but for the first time.
  void Refresh();
  // Keeps how a look-up went; whether it went otherwise than the last one.
  bool NoteLookUp(const absl::Status& status);
  absl::Status NobodyThere() const;
  absl::Status RunAttempt(const inference::RequestContext& context,
                          const ReplicaLease& lease,
                          const Attempt& attempt) const;
  // Keeps what the attempt says of its replica.
  void Learn(const ReplicaLease& lease, const absl::Status& status);
  bool TakeRetryToken();

  const ReplicaSetOptions options_;
  AddressBook book_;
  const std::unique_ptr<ReplicaPool> pool_;
  SessionMemory sessions_;
  mutable absl::Mutex mutex_;
  absl::Status looked_up_ ABSL_GUARDED_BY(mutex_);
  RetryBudget budget_ ABSL_GUARDED_BY(mutex_);
  // Null where there is nothing to look up and nobody to tell. Ends first.
  std::unique_ptr<PeriodicTask> refresher_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_SET_H_
