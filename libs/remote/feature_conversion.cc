#include "libs/remote/feature_conversion.h"

namespace stagebeam::remote {

inference::ImageFeatures FromProto(
    const stagebeam::features::v1::ImageFeatures& proto) {
  return {.key = proto.key(),
          .tile_count = proto.tile_count(),
          .rows_per_tile = proto.rows_per_tile(),
          .hidden_size = proto.hidden_size(),
          .stored_tile_count = proto.stored_tile_count()};
}

stagebeam::features::v1::ImageFeatures ToProto(
    const inference::ImageFeatures& features) {
  stagebeam::features::v1::ImageFeatures proto;
  proto.set_key(features.key);
  proto.set_tile_count(features.tile_count);
  proto.set_rows_per_tile(features.rows_per_tile);
  proto.set_hidden_size(features.hidden_size);
  proto.set_stored_tile_count(features.stored_tile_count);
  return proto;
}

}  // namespace stagebeam::remote
