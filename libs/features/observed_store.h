#ifndef STAGEBEAM_LIBS_FEATURES_OBSERVED_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_OBSERVED_STORE_H_

#include <memory>
#include <string>

#include "libs/features/feature_store.h"
#include "libs/features/store_observer.h"

namespace stagebeam::features {

// Decorator: tells an observer about every call. Thread-safe.
class ObservedStore : public FeatureStore {
 public:
  // `observer` must outlive the store.
  ObservedStore(std::string tier, std::shared_ptr<FeatureStore> store,
                StoreObserver& observer);

  absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const FeatureBlob> blob,
                   absl::Time deadline) override;

 private:
  const std::string tier_;
  const std::shared_ptr<FeatureStore> store_;
  StoreObserver& observer_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_OBSERVED_STORE_H_
