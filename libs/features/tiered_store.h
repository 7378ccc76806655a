#ifndef STAGEBEAM_LIBS_FEATURES_TIERED_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_TIERED_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "libs/features/feature_store.h"

namespace stagebeam::features {

// Several stores as one, fastest first. Thread-safe.
//
// Get asks tier after tier; a hit fills the writable tiers in front of it. Put
// writes to every writable tier. A tier that fails costs at most its share of
// time and never the answer.
class TieredStore : public FeatureStore {
 public:
  struct Tier {
    std::shared_ptr<FeatureStore> store;
    // False for tiers that only serve: Put and filling pass them by.
    bool writable = true;
    // The tier is a cache and shares the budget with the other caches. False
    // for the last resort, which may take as long as the caller waits.
    bool within_budget = true;
  };
  struct Options {
    // Time that all caches together may take out of one Get, and of one Put.
    absl::Duration get_budget = absl::Seconds(1);
    absl::Duration put_budget = absl::Seconds(1);
  };

  TieredStore(std::vector<Tier> tiers, const Options& options);

  // NOT_FOUND where every tier that answered says so. Where one failed instead,
  // the last failure: the blob may exist.
  absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  // OK where at least one tier keeps the blob; otherwise the last failure.
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const FeatureBlob> blob,
                   absl::Time deadline) override;

 private:
  // Writes to the writable ones of the first `count` tiers.
  absl::Status PutInFront(size_t count, const std::string& key,
                          const std::shared_ptr<const FeatureBlob>& blob,
                          absl::Time deadline);

  const std::vector<Tier> tiers_;
  const Options options_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_TIERED_STORE_H_
