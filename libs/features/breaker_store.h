#ifndef STAGEBEAM_LIBS_FEATURES_BREAKER_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_BREAKER_STORE_H_

#include <memory>
#include <string>

#include "libs/features/breaker.h"
#include "libs/features/feature_store.h"
#include "libs/features/lease.h"

namespace stagebeam::features {

// Decorator: keeps calls away from a store while its breaker is open. The
// breaker may be shared with what else talks to the same server. Thread-safe.
class BreakerStore : public FeatureStore {
 public:
  BreakerStore(std::shared_ptr<FeatureStore> store,
               std::shared_ptr<Breaker> breaker);

  absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const FeatureBlob> blob,
                   absl::Time deadline) override;

 private:
  const std::shared_ptr<FeatureStore> store_;
  const std::shared_ptr<Breaker> breaker_;
};

// The same for a lease office. Thread-safe.
class BreakerLeaseOffice : public LeaseOffice {
 public:
  BreakerLeaseOffice(std::shared_ptr<LeaseOffice> office,
                     std::shared_ptr<Breaker> breaker);

  absl::StatusOr<std::unique_ptr<Lease>> Acquire(const std::string& key,
                                                 absl::Time deadline) override;
  absl::Status AwaitRelease(const std::string& key, absl::Time deadline,
                            std::stop_token cancellation) override;

 private:
  const std::shared_ptr<LeaseOffice> office_;
  const std::shared_ptr<Breaker> breaker_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_BREAKER_STORE_H_
