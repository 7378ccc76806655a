#include "libs/remote/replica_set.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/remote/attempt_span.h"
#include "libs/remote/call_context.h"
#include "libs/remote/rendezvous.h"
#include "libs/remote/resolver.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::remote {
namespace {

// Waits for `pause`, or until the context is over.
void PauseWithin(const inference::RequestContext& context,
                 absl::Duration pause) {
  const absl::Time end = std::min(absl::Now() + pause, context.deadline);
  std::mutex mutex;
  std::condition_variable_any over;
  std::unique_lock lock(mutex);
  over.wait_until(lock, context.cancellation, absl::ToChronoTime(end),
                  [] { return false; });
}

bool AsksToComeBack(const absl::Status& status) {
  return absl::IsResourceExhausted(status) &&
         serving::RetryDelay(status).has_value();
}

}  // namespace

// One call's way through the replicas.
class ReplicaSet::Walk {
 public:
  Walk(ReplicaSet& set, const inference::RequestContext& context,
       const Route& route)
      : set_(set),
        context_(context),
        search_all_(route.search_all),
        order_(set.Order(route.key)),
        pause_(set.options_.first_backoff) {}

  absl::Status Run(const Attempt& attempt) {
    absl::Status status = CheckContext(context_);
    if (!status.ok()) return status;
    while (true) {
      const size_t replica = order_[attempts_ % order_.size()];
      AttemptSpan span(set_.options_.tracer, context_, set_.addresses_[replica],
                       attempts_ + 1);
      status =
          set_.RunAttempt(span.context(), set_.replicas_[replica], attempt);
      span.End(status);
      ++attempts_;
      set_.Learn(replica, status);
      const bool again = GoesOn(status);
      Report(replica, status, again);
      if (!again) return Concluded(status);
      if (attempts_ % order_.size() == 0) Pause();
      if (absl::Status over = CheckContext(context_); !over.ok()) return over;
    }
  }

 private:
  // Whether the next replica is asked. A miss costs no retry token: the search
  // is bounded by the number of replicas.
  bool GoesOn(const absl::Status& status) {
    const bool replicas_left = attempts_ < order_.size();
    if (absl::IsNotFound(status)) return search_all_ && replicas_left;
    if (AsksToComeBack(status)) return replicas_left && HasRetry();
    return absl::IsUnavailable(status) && HasRetry();
  }

  // The attempts of a search come on top of one for each replica.
  bool HasRetry() {
    const size_t most =
        set_.options_.max_attempts + (search_all_ ? order_.size() - 1 : 0);
    return attempts_ < most && set_.TakeRetryToken();
  }

  void Pause() {
    PauseWithin(context_, pause_);
    pause_ *= 2;
  }

  void Report(size_t replica, const absl::Status& status, bool retried) const {
    if (!set_.options_.on_attempt) return;
    set_.options_.on_attempt({set_.addresses_[replica],
                              static_cast<int>(attempts_), status, retried});
  }

  // A cancelled RPC can come back with other codes.
  absl::Status Concluded(const absl::Status& status) const {
    if (status.ok()) return status;
    const absl::Status over = CheckContext(context_);
    return absl::IsCancelled(over) ? over : status;
  }

  ReplicaSet& set_;
  const inference::RequestContext& context_;
  const bool search_all_;
  const std::vector<size_t> order_;
  absl::Duration pause_;
  size_t attempts_ = 0;
};

absl::StatusOr<std::unique_ptr<ReplicaSet>> ReplicaSet::Create(
    std::string_view addresses, ReplicaSetOptions options) {
  absl::StatusOr<std::vector<std::string>> resolved =
      ResolveAddresses(addresses);
  if (!resolved.ok()) return resolved.status();
  const std::string& token = options.channel.auth_token;
  if (!std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        "auth_token: must be printable ASCII without blanks");
  }
  const auto credentials = MakeCredentials(options.channel);
  if (!credentials.ok()) return credentials.status();
  return std::unique_ptr<ReplicaSet>(
      new ReplicaSet(*std::move(resolved), std::move(options), *credentials));
}

ReplicaSet::ReplicaSet(
    std::vector<std::string> addresses, ReplicaSetOptions options,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : options_(std::move(options)),
      addresses_(std::move(addresses)),
      budget_(options_.retry_budget, options_.retry_tokens_per_success) {
  for (const std::string& address : addresses_) {
    replicas_.push_back(MakeChannel(address, options_.channel, credentials));
    health_.emplace_back(options_.first_cool_down, options_.longest_cool_down);
  }
}

absl::Status ReplicaSet::Call(const inference::RequestContext& context,
                              const Route& route, const Attempt& attempt) {
  return Walk(*this, context, route).Run(attempt);
}

std::vector<size_t> ReplicaSet::Order(std::string_view key) {
  std::vector<size_t> order = RendezvousOrder(key, addresses_);
  const absl::Time now = options_.now();
  absl::MutexLock lock(&mutex_);
  std::stable_partition(order.begin(), order.end(), [&](size_t replica) {
    return !health_[replica].CoolingDown(now);
  });
  return order;
}

absl::Status ReplicaSet::RunAttempt(
    const inference::RequestContext& context,
    const std::shared_ptr<grpc::Channel>& channel,
    const Attempt& attempt) const {
  CallContext call(context);
  if (!options_.channel.auth_token.empty()) {
    call.client().AddMetadata(
        "authorization", absl::StrCat("Bearer ", options_.channel.auth_token));
  }
  return serving::FromGrpcStatus(attempt(call.client(), channel));
}

void ReplicaSet::Learn(size_t replica, const absl::Status& status) {
  const absl::Time now = options_.now();
  absl::MutexLock lock(&mutex_);
  if (absl::IsUnavailable(status)) {
    health_[replica].Failed(now);
  } else if (!absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status)) {
    // An error that the replica thought of is a sign of life.
    health_[replica].Succeeded();
    budget_.Succeeded();
  }
}

bool ReplicaSet::TakeRetryToken() {
  absl::MutexLock lock(&mutex_);
  return budget_.TryTake();
}

}  // namespace stagebeam::remote
