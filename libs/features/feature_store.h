#ifndef STAGEBEAM_LIBS_FEATURES_FEATURE_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_FEATURE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/features/feature_blob.h"

namespace stagebeam::features {

// Keeps feature blobs by key. A cache: losing one costs time, never an answer.
// Memory, Redis, the encoder's own memory (over gRPC) and combinations of them
// are stores; the breaker and the meter are decorators.
//
// Implementations are thread-safe. Blobs are shared, never copied.
class FeatureStore {
 public:
  virtual ~FeatureStore() = default;

  // The blob of `key`, verified. NOT_FOUND: not held, or held and not
  // verifiable. UNAVAILABLE, DEADLINE_EXCEEDED: the store did not answer by
  // `deadline`.
  virtual absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) = 0;
  // Keeps the blob, at least for a while. Errors as Get; RESOURCE_EXHAUSTED
  // where it is too large for the store.
  virtual absl::Status Put(const std::string& key,
                           std::shared_ptr<const FeatureBlob> blob,
                           absl::Time deadline) = 0;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_FEATURE_STORE_H_
