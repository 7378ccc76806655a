#include "libs/features/encode_once.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "libs/features/time_budget.h"

namespace stagebeam::features {
namespace {

// Ends that say something about the call that led and nothing about the
// picture.
bool IsPersonal(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

struct EncodeOnce::Flight {
  absl::Mutex mutex;
  absl::CondVar changed;
  bool landed ABSL_GUARDED_BY(mutex) = false;
  absl::StatusOr<Result> result ABSL_GUARDED_BY(mutex) =
      absl::UnknownError("in flight");

  void Land(absl::StatusOr<Result> end) {
    absl::MutexLock lock(&mutex);
    result = std::move(end);
    landed = true;
    changed.SignalAll();
  }

  // The flight's end, or this passenger's own, whichever comes first; `left`
  // tells them apart.
  absl::StatusOr<Result> Await(absl::Time deadline,
                               const std::stop_token& cancellation,
                               bool& left) {
    const std::stop_callback wake(cancellation, [this] {
      absl::MutexLock lock(&mutex);
      changed.SignalAll();
    });
    absl::MutexLock lock(&mutex);
    bool late = false;
    while (!landed && !late && !cancellation.stop_requested()) {
      late = changed.WaitWithDeadline(&mutex, deadline);
    }
    left = !landed;
    if (landed) return result;
    if (cancellation.stop_requested())
      return absl::CancelledError("caller left");
    return absl::DeadlineExceededError("the picture's encoding took too long");
  }
};

EncodeOnce::EncodeOnce(std::shared_ptr<FeatureStore> store,
                       std::shared_ptr<LeaseOffice> leases,
                       const Options& options)
    : store_(std::move(store)), leases_(std::move(leases)), options_(options) {}

absl::StatusOr<EncodeOnce::Result> EncodeOnce::Get(const std::string& key,
                                                   absl::Time deadline,
                                                   std::stop_token cancellation,
                                                   const Encode& encode) {
  if (key.empty()) return absl::InvalidArgumentError("feature key is empty");
  while (true) {
    std::shared_ptr<Flight> flight;
    if (Board(key, flight)) {
      auto result = Lead(key, deadline, cancellation, encode);
      Land(key, *flight, result);
      return result;
    }
    bool left = false;
    auto result = flight->Await(deadline, cancellation, left);
    if (left || result.ok() || !IsPersonal(result.status())) {
      if (result.ok()) {
        result->encoded = false;
        result->joined = true;
      }
      return result;
    }
  }
}

bool EncodeOnce::Board(const std::string& key,
                       std::shared_ptr<Flight>& flight) {
  absl::MutexLock lock(&mutex_);
  const auto [entry, is_new] = flights_.try_emplace(key);
  if (is_new) entry->second = std::make_shared<Flight>();
  flight = entry->second;
  return is_new;
}

void EncodeOnce::Land(const std::string& key, Flight& flight,
                      const absl::StatusOr<Result>& result) {
  {
    absl::MutexLock lock(&mutex_);
    flights_.erase(key);
  }
  flight.Land(result);
}

absl::StatusOr<EncodeOnce::Result> EncodeOnce::Lead(
    const std::string& key, absl::Time deadline, std::stop_token cancellation,
    const Encode& encode) {
  TimeBudget budget(options_.cache_budget);
  const auto look = [&](absl::Time until) { return store_->Get(key, until); };
  auto held = budget.Spend(deadline, look);
  if (held.ok()) return Result{*std::move(held), false};
  std::unique_ptr<Lease> lease;
  // A store that is down has no leases either: don't spend more time on it.
  if (leases_ != nullptr && absl::IsNotFound(held.status())) {
    held = AwaitOthers(key, deadline, cancellation, budget, lease);
    if (held.ok()) return Result{*std::move(held), false};
  }
  if (cancellation.stop_requested()) return absl::CancelledError("caller left");
  auto blob = encode();
  if (!blob.ok()) return blob.status();
  // A store that fails costs later calls their hit and this one nothing. Others
  // want the blob even where this caller's time is up: only the budget counts.
  budget
      .Spend(absl::InfiniteFuture(),
             [&](absl::Time until) { return store_->Put(key, *blob, until); })
      .IgnoreError();
  return Result{*std::move(blob), true};
}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> EncodeOnce::AwaitOthers(
    const std::string& key, absl::Time deadline, std::stop_token cancellation,
    TimeBudget& budget, std::unique_ptr<Lease>& lease) {
  const absl::Time give_up =
      std::min(deadline, absl::Now() + options_.lease_wait);
  while (true) {
    auto acquired = budget.Spend(deadline, [&](absl::Time until) {
      return leases_->Acquire(key, until);
    });
    if (acquired.ok()) lease = std::move(*acquired);
    // Once more, for the last holder may have finished since we looked.
    auto held = budget.Spend(
        deadline, [&](absl::Time until) { return store_->Get(key, until); });
    if (held.ok() || !absl::IsAlreadyExists(acquired.status())) return held;
    absl::Status released = leases_->AwaitRelease(key, give_up, cancellation);
    if (!released.ok()) return released;
  }
}

}  // namespace stagebeam::features
