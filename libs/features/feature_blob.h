#ifndef STAGEBEAM_LIBS_FEATURES_FEATURE_BLOB_H_
#define STAGEBEAM_LIBS_FEATURES_FEATURE_BLOB_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace stagebeam::features {

enum class FeatureDType : uint8_t { kFloat32 = 0, kBFloat16 = 1 };

// What a blob says of itself.
struct FeatureShape {
  FeatureDType dtype = FeatureDType::kFloat32;
  int tile_count = 0;
  int rows_per_tile = 0;
  int hidden_size = 0;
  int stored_tile_count = 0;

  // Bytes of the payload [stored_tile_count * rows_per_tile, hidden_size].
  int64_t payload_bytes() const;
  friend bool operator==(const FeatureShape&, const FeatureShape&) = default;
};

// Vision features of one picture as one self-describing, check-summed string
// of bytes: what Redis holds and what FetchFeatures streams.
//
// Layout, little-endian: magic "SBFEAT", version u16, dtype u8, shape 4 x u32,
// digest length u8 and digest, payload length u64, payload, checksum u64 over
// everything before it. The checksum is XXH64: it finds torn and flipped bytes
// at memory speed (52 MB in about 5 ms); it is no seal against an attacker, who
// could write a valid blob as well.
//
// Immutable, and so thread-safe.
class FeatureBlob {
 public:
  static constexpr uint16_t kVersion = 1;

  // Builds a blob. INVALID_ARGUMENT where payload and shape do not agree.
  static absl::StatusOr<std::shared_ptr<const FeatureBlob>> Create(
      const FeatureShape& shape, std::string_view vision_digest,
      std::string_view payload);
  // Takes over bytes from a store. DATA_LOSS names what does not verify.
  static absl::StatusOr<std::shared_ptr<const FeatureBlob>> Parse(
      std::string bytes);

  const FeatureShape& shape() const { return shape_; }
  const std::string& vision_digest() const { return vision_digest_; }
  // Row-major features.
  std::span<const char> payload() const { return payload_; }
  // The whole blob.
  const std::string& bytes() const { return bytes_; }

 private:
  FeatureBlob() = default;

  // Wraps bytes that are known to be a blob of these fields; `vision_digest`
  // may point into them.
  static std::shared_ptr<const FeatureBlob> Own(std::string bytes,
                                                const FeatureShape& shape,
                                                std::string_view vision_digest,
                                                size_t payload_size);

  FeatureShape shape_;
  std::string vision_digest_;
  std::string bytes_;
  std::span<const char> payload_;
};

// Hex SHA-256 of picture file, preprocessing, vision weights and blob version:
// the key of a picture's features.
std::string FeatureKey(std::string_view image_file,
                       std::string_view preprocessor_fingerprint,
                       std::string_view vision_digest);

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_FEATURE_BLOB_H_
