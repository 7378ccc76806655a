#include "libs/engine/feature_check.h"

#include <string_view>

#include "absl/strings/str_cat.h"

namespace stagebeam::engine {
namespace {

absl::Status Unfit(std::string_view what, int64_t has, int64_t wants) {
  return absl::FailedPreconditionError(
      absl::StrCat("features: ", absl::string_view(what.data(), what.size()),
                   " ", has, ", the model has ", wants));
}

}  // namespace

absl::Status CheckFeatures(const Features& features,
                           const FeatureShape& shape) {
  if (features.vision_digest != shape.vision_digest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "features: made by vision weights ", features.vision_digest,
        ", the model has ", shape.vision_digest));
  }
  if (features.hidden_size != shape.hidden_size) {
    return Unfit("hidden_size", features.hidden_size, shape.hidden_size);
  }
  if (features.rows_per_tile != shape.rows_per_tile) {
    return Unfit("rows_per_tile", features.rows_per_tile, shape.rows_per_tile);
  }
  if (features.stored_tile_count != shape.max_tiles) {
    return Unfit("stored_tile_count", features.stored_tile_count,
                 shape.max_tiles);
  }
  if (features.tile_count < 1 || features.tile_count > shape.max_tiles) {
    return absl::FailedPreconditionError(
        absl::StrCat("features: tile_count ", features.tile_count,
                     " is not in [1, ", shape.max_tiles, "]"));
  }
  const int64_t bytes = int64_t{shape.max_tiles} * shape.rows_per_tile *
                        shape.hidden_size * SizeOf(features.dtype);
  const auto held = static_cast<int64_t>(features.payload.size());
  if (held != bytes) return Unfit("payload bytes", held, bytes);
  return absl::OkStatus();
}

}  // namespace stagebeam::engine
