#include "libs/features/sharded_store.h"

#include <utility>

namespace stagebeam::features {

ShardedStore::ShardedStore(const std::vector<std::string>& names,
                           std::vector<std::shared_ptr<FeatureStore>> shards)
    : rendezvous_(names), shards_(std::move(shards)) {}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> ShardedStore::Get(
    const std::string& key, absl::Time deadline) {
  return shards_[rendezvous_.Pick(key)]->Get(key, deadline);
}

absl::Status ShardedStore::Put(const std::string& key,
                               std::shared_ptr<const FeatureBlob> blob,
                               absl::Time deadline) {
  return shards_[rendezvous_.Pick(key)]->Put(key, std::move(blob), deadline);
}

ShardedLeaseOffice::ShardedLeaseOffice(
    const std::vector<std::string>& names,
    std::vector<std::shared_ptr<LeaseOffice>> shards)
    : rendezvous_(names), shards_(std::move(shards)) {}

absl::StatusOr<std::unique_ptr<Lease>> ShardedLeaseOffice::Acquire(
    const std::string& key, absl::Time deadline) {
  return shards_[rendezvous_.Pick(key)]->Acquire(key, deadline);
}

absl::Status ShardedLeaseOffice::AwaitRelease(const std::string& key,
                                              absl::Time deadline,
                                              std::stop_token cancellation) {
  return shards_[rendezvous_.Pick(key)]->AwaitRelease(key, deadline,
                                                      std::move(cancellation));
}

}  // namespace stagebeam::features
