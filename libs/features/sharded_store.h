#ifndef STAGEBEAM_LIBS_FEATURES_SHARDED_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_SHARDED_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "libs/features/feature_store.h"
#include "libs/features/lease.h"
#include "libs/features/rendezvous.h"

namespace stagebeam::features {

// Several stores, each the home of a part of the keys. A shard that is down
// loses its part and no other. Thread-safe.
class ShardedStore : public FeatureStore {
 public:
  // `names` and `shards` run in parallel and are not empty; names decide which
  // shard a key lives on, so all processes must use the same ones.
  ShardedStore(const std::vector<std::string>& names,
               std::vector<std::shared_ptr<FeatureStore>> shards);

  absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const FeatureBlob> blob,
                   absl::Time deadline) override;

 private:
  const Rendezvous rendezvous_;
  const std::vector<std::shared_ptr<FeatureStore>> shards_;
};

// The same for lease offices. Thread-safe.
class ShardedLeaseOffice : public LeaseOffice {
 public:
  ShardedLeaseOffice(const std::vector<std::string>& names,
                     std::vector<std::shared_ptr<LeaseOffice>> shards);

  absl::StatusOr<std::unique_ptr<Lease>> Acquire(const std::string& key,
                                                 absl::Time deadline) override;
  absl::Status AwaitRelease(const std::string& key, absl::Time deadline,
                            std::stop_token cancellation) override;

 private:
  const Rendezvous rendezvous_;
  const std::vector<std::shared_ptr<LeaseOffice>> shards_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_SHARDED_STORE_H_
