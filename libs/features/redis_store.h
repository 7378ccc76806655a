#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_STORE_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/features/feature_store.h"
#include "libs/features/redis_client.h"

namespace stagebeam::features {

// Blobs in one Redis under "stagebeam:features:<key>". Thread-safe.
//
// What is held there and does not verify, or is of another Redis type, is
// deleted and reported as CorruptError. Every call is bounded by the client's
// operation timeout.
class RedisStore : public FeatureStore {
 public:
  struct Options {
    // Redis forgets a blob so long after it was put.
    absl::Duration time_to_live = absl::Hours(24);
    // Larger blobs are not sent: RESOURCE_EXHAUSTED.
    size_t max_blob_bytes = size_t{64} << 20;
  };

  RedisStore(std::shared_ptr<RedisClient> client, const Options& options);

  absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const FeatureBlob> blob,
                   absl::Time deadline) override;

 private:
  absl::Status Discard(const std::string& redis_key, std::string_view why,
                       absl::Time deadline);

  const std::shared_ptr<RedisClient> client_;
  const Options options_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_STORE_H_
