#include "libs/remote/encoder_conversion.h"

#include "libs/remote/duration_conversion.h"
#include "libs/remote/feature_conversion.h"

namespace stagebeam::remote {

inference::EncodeResult FromProto(
    const encoder::v1::EncodeImageResponse& proto) {
  return {.features = FromProto(proto.features()),
          .cached = proto.cached(),
          .encode_time = FromProto(proto.encode_time())};
}

encoder::v1::EncodeImageResponse ToProto(
    const inference::EncodeResult& result) {
  encoder::v1::EncodeImageResponse proto;
  *proto.mutable_features() = ToProto(result.features);
  proto.set_cached(result.cached);
  *proto.mutable_encode_time() = ToProto(result.encode_time);
  return proto;
}

}  // namespace stagebeam::remote
