#ifndef STAGEBEAM_TESTS_FEATURES_BLOBS_H_
#define STAGEBEAM_TESTS_FEATURES_BLOBS_H_

#include <memory>
#include <string>

#include "libs/features/feature_blob.h"

namespace stagebeam::testing {

// A blob of about `payload_bytes` bytes, different for each `salt`.
inline std::shared_ptr<const features::FeatureBlob> MakeBlob(
    int64_t payload_bytes, int salt = 0) {
  features::FeatureShape shape{features::FeatureDType::kBFloat16, 1, 0, 4, 2};
  shape.rows_per_tile = static_cast<int>(payload_bytes / 16);
  std::string payload(static_cast<size_t>(shape.payload_bytes()), '\0');
  uint32_t state = 1 + static_cast<uint32_t>(salt);
  for (char& byte : payload) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return *features::FeatureBlob::Create(shape, "digest of the vision weights",
                                        payload);
}

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_FEATURES_BLOBS_H_
