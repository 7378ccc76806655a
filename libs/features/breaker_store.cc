#include "libs/features/breaker_store.h"

#include <utility>

#include "absl/time/clock.h"

namespace stagebeam::features {
namespace {

const absl::Status& StatusOf(const absl::Status& status) { return status; }

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Runs `call` if the breaker lets it, and tells the breaker how it ended. A
// caller who came too late fails by himself: that is no fault of the server.
template <typename Call>
auto Guarded(Breaker& breaker, absl::Time deadline, Call&& call)
    -> decltype(call()) {
  if (absl::Now() >= deadline)
    return absl::DeadlineExceededError("no time left to ask");
  if (absl::Status status = breaker.Admit(); !status.ok()) return status;
  auto result = call();
  breaker.Record(StatusOf(result));
  return result;
}

}  // namespace

BreakerStore::BreakerStore(std::shared_ptr<FeatureStore> store,
                           std::shared_ptr<Breaker> breaker)
    : store_(std::move(store)), breaker_(std::move(breaker)) {}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> BreakerStore::Get(
    const std::string& key, absl::Time deadline) {
  return Guarded(*breaker_, deadline,
                 [&] { return store_->Get(key, deadline); });
}

absl::Status BreakerStore::Put(const std::string& key,
                               std::shared_ptr<const FeatureBlob> blob,
                               absl::Time deadline) {
  return Guarded(*breaker_, deadline,
                 [&] { return store_->Put(key, std::move(blob), deadline); });
}

BreakerLeaseOffice::BreakerLeaseOffice(std::shared_ptr<LeaseOffice> office,
                                       std::shared_ptr<Breaker> breaker)
    : office_(std::move(office)), breaker_(std::move(breaker)) {}

absl::StatusOr<std::unique_ptr<Lease>> BreakerLeaseOffice::Acquire(
    const std::string& key, absl::Time deadline) {
  return Guarded(*breaker_, deadline,
                 [&] { return office_->Acquire(key, deadline); });
}

absl::Status BreakerLeaseOffice::AwaitRelease(const std::string& key,
                                              absl::Time deadline,
                                              std::stop_token cancellation) {
  // Passed through: it waits long, for another replica, and ends by itself when
  // the server goes.
  return office_->AwaitRelease(key, deadline, std::move(cancellation));
}

}  // namespace stagebeam::features
