#ifndef STAGEBEAM_LIBS_REMOTE_REMOTE_FEATURE_STORE_H_
#define STAGEBEAM_LIBS_REMOTE_REMOTE_FEATURE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/features/feature_store.h"
#include "libs/remote/replica_set.h"

namespace stagebeam::remote {

// The features that encoders hold in their own memory, over FetchFeatures: the
// last resort behind the caches. Asks one encoder after the other, since only
// the one that encoded the picture may hold them. Thread-safe.
class RemoteFeatureStore final : public features::FeatureStore {
 public:
  // `replicas` must outlive it. A blob over `max_blob_bytes` is refused while
  // it arrives.
  explicit RemoteFeatureStore(ReplicaSet& replicas,
                              int64_t max_blob_bytes = int64_t{1} << 30)
      : replicas_(replicas), max_blob_bytes_(max_blob_bytes) {}

  // NOT_FOUND: no encoder holds the key, or what came does not verify.
  // RESOURCE_EXHAUSTED: over max_blob_bytes. UNAVAILABLE, DEADLINE_EXCEEDED: no
  // encoder answered, in time.
  absl::StatusOr<std::shared_ptr<const features::FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  // UNIMPLEMENTED: encoders keep what they encode, and nothing else.
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const features::FeatureBlob> blob,
                   absl::Time deadline) override;

 private:
  ReplicaSet& replicas_;
  const int64_t max_blob_bytes_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REMOTE_FEATURE_STORE_H_
