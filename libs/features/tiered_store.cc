#include "libs/features/tiered_store.h"

#include <utility>

#include "absl/status/status.h"
#include "libs/features/time_budget.h"

namespace stagebeam::features {

TieredStore::TieredStore(std::vector<Tier> tiers, const Options& options)
    : tiers_(std::move(tiers)), options_(options) {}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> TieredStore::Get(
    const std::string& key, absl::Time deadline) {
  TimeBudget budget(options_.get_budget);
  absl::Status failure = absl::NotFoundError("in no tier");
  for (size_t i = 0; i < tiers_.size(); ++i) {
    const auto ask = [&](absl::Time until) {
      return tiers_[i].store->Get(key, until);
    };
    auto blob =
        tiers_[i].within_budget ? budget.Spend(deadline, ask) : ask(deadline);
    if (blob.ok()) {
      // Filling is a courtesy to later calls; this one has its answer.
      budget
          .Spend(deadline,
                 [&](absl::Time until) {
                   return PutInFront(i, key, *blob, until);
                 })
          .IgnoreError();
      return blob;
    }
    if (!absl::IsNotFound(blob.status())) failure = blob.status();
  }
  return failure;
}

absl::Status TieredStore::Put(const std::string& key,
                              std::shared_ptr<const FeatureBlob> blob,
                              absl::Time deadline) {
  return TimeBudget(options_.put_budget).Spend(deadline, [&](absl::Time until) {
    return PutInFront(tiers_.size(), key, blob, until);
  });
}

absl::Status TieredStore::PutInFront(
    size_t count, const std::string& key,
    const std::shared_ptr<const FeatureBlob>& blob, absl::Time deadline) {
  bool kept = false;
  absl::Status failure = absl::FailedPreconditionError("no tier is writable");
  for (size_t i = 0; i < count; ++i) {
    if (!tiers_[i].writable) continue;
    absl::Status status = tiers_[i].store->Put(key, blob, deadline);
    kept = kept || status.ok();
    if (!status.ok()) failure = std::move(status);
  }
  return kept ? absl::OkStatus() : failure;
}

}  // namespace stagebeam::features
