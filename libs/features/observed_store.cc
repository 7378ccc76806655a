#include "libs/features/observed_store.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/features/store_status.h"

namespace stagebeam::features {
namespace {

GetOutcome OutcomeOfGet(const absl::Status& status) {
  if (status.ok()) return GetOutcome::kHit;
  if (WasCorrupt(status)) return GetOutcome::kCorrupt;
  if (WasSkipped(status)) return GetOutcome::kSkipped;
  return absl::IsNotFound(status) ? GetOutcome::kMiss : GetOutcome::kError;
}

PutOutcome OutcomeOfPut(const absl::Status& status) {
  if (status.ok()) return PutOutcome::kStored;
  return WasSkipped(status) ? PutOutcome::kSkipped : PutOutcome::kError;
}

int64_t BlobBytes(const std::shared_ptr<const FeatureBlob>& blob) {
  return static_cast<int64_t>(blob->bytes().size());
}

}  // namespace

std::string_view OutcomeName(GetOutcome outcome) {
  switch (outcome) {
    case GetOutcome::kHit:
      return "hit";
    case GetOutcome::kMiss:
      return "miss";
    case GetOutcome::kCorrupt:
      return "corrupt";
    case GetOutcome::kError:
      return "error";
    case GetOutcome::kSkipped:
      return "skipped";
  }
  return "error";
}

std::string_view OutcomeName(PutOutcome outcome) {
  switch (outcome) {
    case PutOutcome::kStored:
      return "stored";
    case PutOutcome::kError:
      return "error";
    case PutOutcome::kSkipped:
      return "skipped";
  }
  return "error";
}

ObservedStore::ObservedStore(std::string tier,
                             std::shared_ptr<FeatureStore> store,
                             StoreObserver& observer)
    : tier_(std::move(tier)), store_(std::move(store)), observer_(observer) {}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> ObservedStore::Get(
    const std::string& key, absl::Time deadline) {
  const absl::Time start = absl::Now();
  auto blob = store_->Get(key, deadline);
  observer_.OnGet(tier_, OutcomeOfGet(blob.status()), absl::Now() - start,
                  blob.ok() ? BlobBytes(*blob) : 0);
  return blob;
}

absl::Status ObservedStore::Put(const std::string& key,
                                std::shared_ptr<const FeatureBlob> blob,
                                absl::Time deadline) {
  const int64_t bytes = BlobBytes(blob);
  const absl::Time start = absl::Now();
  absl::Status status = store_->Put(key, std::move(blob), deadline);
  observer_.OnPut(tier_, OutcomeOfPut(status), absl::Now() - start, bytes);
  return status;
}

}  // namespace stagebeam::features
