#include "libs/remote/replica_set.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/remote/attempt_span.h"
#include "libs/remote/call_context.h"
#include "libs/remote/periodic_task.h"
#include "libs/remote/replica_pool.h"
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

// How an attempt went. A server that ends breaks off what reaches it too late,
// as CANCELLED: where nobody here has cancelled, the replica is gone.
absl::Status Outcome(const grpc::Status& status,
                     const inference::RequestContext& context) {
  absl::Status outcome = serving::FromGrpcStatus(status);
  if (!absl::IsCancelled(outcome) || context.cancellation.stop_requested()) {
    return outcome;
  }
  return absl::UnavailableError("the replica broke the call off");
}

// Why a session leaves a replica whose fitness is this; nothing: not here.
MoveReason ReasonFor(std::optional<Fitness> fitness) {
  if (!fitness) return MoveReason::kGone;
  switch (*fitness) {
    case Fitness::kUnreachable:
      return MoveReason::kUnreachable;
    case Fitness::kEjected:
      return MoveReason::kFailed;
    case Fitness::kFit:
    case Fitness::kBusy:
      break;
  }
  return MoveReason::kBusy;
}

std::unique_ptr<ReplicaPool> MakePool(
    const ReplicaSetOptions& options,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  return std::make_unique<ReplicaPool>(ReplicaPool::Options{
      .ranking = {.load_bound = options.load_bound,
                  .always_allowed = options.always_allowed,
                  .largest_ejected_share = options.largest_ejected_share},
      .health = {options.first_cool_down, options.longest_cool_down},
      .connect =
          [channel = options.channel, credentials](const Endpoint& endpoint) {
            return MakeChannel(endpoint, channel, credentials);
          },
      .now = options.now});
}

}  // namespace

// One call's way through the replicas.
class ReplicaSet::Walk {
 public:
  Walk(ReplicaSet& set, const inference::RequestContext& context,
       const Route& route)
      : set_(set),
        context_(context),
        route_(route),
        home_(route.search_all ? std::nullopt : set.sessions_.Find(route.key)),
        pause_(set.options_.first_backoff) {}

  absl::Status Run(const Attempt& attempt) {
    absl::Status status = CheckContext(context_);
    if (!status.ok()) return status;
    while (true) {
      std::optional<ReplicaLease> lease = Take();
      if (!lease) return set_.NobodyThere();
      const std::string address = lease->replica().address();
      AttemptSpan span(set_.options_.tracer, context_, address, attempts_ + 1);
      status = set_.RunAttempt(span.context(), *lease, attempt);
      span.End(status);
      ++attempts_;
      set_.Learn(*lease, status);
      lease.reset();
      if (status.ok()) Settle(address);
      const bool again = GoesOn(status);
      Report(address, status, again);
      if (!again) return Concluded(status);
      if (!set_.pool_->HasOther(tried_)) StartAgain();
      if (absl::Status over = CheckContext(context_); !over.ok()) return over;
    }
  }

 private:
  // The next replica. Looks at the pool as it is now: it may have changed
  // since the last attempt.
  std::optional<ReplicaLease> Take() {
    std::optional<ReplicaLease> lease =
        set_.pool_->Take(route_.key, home_.value_or(""), tried_);
    if (!lease) return lease;
    const std::string& address = lease->replica().address();
    tried_.insert(address);
    if (home_ && address != *home_ && !moving_) {
      moving_ = ReasonFor(set_.pool_->FitnessOf(*home_));
    }
    return lease;
  }

  // Whether the next replica is asked. A miss costs no retry token: the search
  // is bounded by the number of replicas.
  bool GoesOn(const absl::Status& status) {
    const bool is_full = AsksToComeBack(status);
    if (home_ && !moving_ && (is_full || absl::IsUnavailable(status))) {
      moving_ = is_full ? MoveReason::kFull : MoveReason::kFailed;
    }
    const bool replicas_left = set_.pool_->HasOther(tried_);
    if (absl::IsNotFound(status)) return route_.search_all && replicas_left;
    if (is_full) return replicas_left && HasRetry();
    return absl::IsUnavailable(status) && HasRetry();
  }

  // The attempts of a search come on top of one for each replica.
  bool HasRetry() {
    const size_t searched = route_.search_all ? set_.pool_->size() : 1;
    const size_t most = set_.options_.max_attempts + searched - 1;
    return attempts_ < most && set_.TakeRetryToken();
  }

  void StartAgain() {
    PauseWithin(context_, pause_);
    pause_ *= 2;
    tried_.clear();
  }

  // The session's prefix is now there.
  void Settle(const std::string& address) {
    if (route_.search_all) return;
    set_.sessions_.Remember(route_.key, address);
    ReplicaObserver* const observer = set_.options_.observer;
    const bool moved = home_ && *home_ != address && moving_;
    if (moved && observer != nullptr) observer->OnMove(*moving_);
  }

  void Report(const std::string& address, const absl::Status& status,
              bool retried) const {
    if (!set_.options_.on_attempt) return;
    set_.options_.on_attempt(
        {address, static_cast<int>(attempts_), status, retried});
  }

  // A cancelled RPC can come back with other codes; and UNAVAILABLE that says
  // nothing of coming back is gRPC's, whose text names sockets.
  absl::Status Concluded(const absl::Status& status) const {
    if (status.ok()) return status;
    const absl::Status over = CheckContext(context_);
    if (absl::IsCancelled(over)) return over;
    if (!absl::IsUnavailable(status) || serving::RetryDelay(status)) {
      return status;
    }
    return absl::UnavailableError(
        absl::StrCat("no replica answered; attempts: ", attempts_));
  }

  ReplicaSet& set_;
  const inference::RequestContext& context_;
  const Route& route_;
  // Where the session was answered last.
  const std::optional<std::string> home_;
  // Why it does not stay there.
  std::optional<MoveReason> moving_;
  // In this round.
  std::set<std::string> tried_;
  absl::Duration pause_;
  size_t attempts_ = 0;
};

absl::StatusOr<std::unique_ptr<ReplicaSet>> ReplicaSet::Create(
    std::string_view addresses, ReplicaSetOptions options) {
  absl::StatusOr<AddressBook> book = AddressBook::Open(addresses);
  if (!book.ok()) return book.status();
  const std::string& token = options.channel.auth_token;
  if (!std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        "auth_token: must be printable ASCII without blanks");
  }
  const auto credentials = MakeCredentials(options.channel);
  if (!credentials.ok()) return credentials.status();
  auto pool = MakePool(options, *credentials);
  return std::unique_ptr<ReplicaSet>(
      new ReplicaSet(*std::move(book), std::move(options), std::move(pool)));
}

ReplicaSet::ReplicaSet(AddressBook book, ReplicaSetOptions options,
                       std::unique_ptr<ReplicaPool> pool)
    : options_(std::move(options)),
      book_(std::move(book)),
      pool_(std::move(pool)),
      sessions_(options_.remembered_sessions),
      budget_(options_.retry_budget, options_.retry_tokens_per_success) {
  NoteLookUp(book_.LookUp());
  pool_->Update(book_.endpoints());
  if (options_.observer != nullptr) {
    options_.observer->OnCounts(pool_->Counts());
  }
  if (options_.observer == nullptr && !book_.CanChange()) return;
  refresher_ = std::make_unique<PeriodicTask>(options_.refresh_interval,
                                              [this] { Refresh(); });
}

ReplicaSet::~ReplicaSet() = default;

absl::Status ReplicaSet::Call(const inference::RequestContext& context,
                              const Route& route, const Attempt& attempt) {
  return Walk(*this, context, route).Run(attempt);
}

std::vector<std::string> ReplicaSet::addresses() const {
  return pool_->addresses();
}

void ReplicaSet::Refresh() {
  const absl::Status status = book_.LookUp();
  const ReplicaPool::Change change = pool_->Update(book_.endpoints());
  const bool is_news = NoteLookUp(status);
  if (options_.observer == nullptr) return;
  ReplicaObserver& observer = *options_.observer;
  if (is_news) observer.OnLookUp(status);
  for (const std::string& address : change.came) observer.OnCome(address);
  for (const std::string& address : change.went) observer.OnGo(address);
  observer.OnCounts(pool_->Counts());
}

bool ReplicaSet::NoteLookUp(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  return std::exchange(looked_up_, status) != status;
}

absl::Status ReplicaSet::NobodyThere() const {
  absl::MutexLock lock(&mutex_);
  return absl::UnavailableError(
      absl::StrCat("no replica is known: ", looked_up_.message()));
}

absl::Status ReplicaSet::RunAttempt(const inference::RequestContext& context,
                                    const ReplicaLease& lease,
                                    const Attempt& attempt) const {
  CallContext call(context);
  if (!options_.channel.auth_token.empty()) {
    call.client().AddMetadata(
        "authorization", absl::StrCat("Bearer ", options_.channel.auth_token));
  }
  return Outcome(attempt(call.client(), lease.replica().channel()), context);
}

void ReplicaSet::Learn(const ReplicaLease& lease, const absl::Status& status) {
  lease.replica().Learn(status, options_.now());
  const bool says_nothing = absl::IsUnavailable(status) ||
                            absl::IsCancelled(status) ||
                            absl::IsDeadlineExceeded(status);
  if (says_nothing) return;
  absl::MutexLock lock(&mutex_);
  budget_.Succeeded();
}

bool ReplicaSet::TakeRetryToken() {
  absl::MutexLock lock(&mutex_);
  return budget_.TryTake();
}

}  // namespace stagebeam::remote
