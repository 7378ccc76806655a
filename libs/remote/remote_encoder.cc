#include "libs/remote/remote_encoder.h"

#include <string>

#include "libs/remote/encoder_conversion.h"
#include "libs/remote/stable_hash.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"

namespace stagebeam::remote {

absl::StatusOr<inference::EncodeResult> RemoteEncoder::EncodeImage(
    const inference::RequestContext& context, std::string_view image) {
  encoder::v1::EncodeImageRequest request;
  request.set_image(image.data(), image.size());
  encoder::v1::EncodeImageResponse response;
  const std::string key = std::to_string(StableHash(image));
  const absl::Status status = replicas_.Call(
      context, {.key = key},
      [&](grpc::ClientContext& client, const auto& channel) {
        return encoder::v1::EncoderService::NewStub(channel)->EncodeImage(
            &client, request, &response);
      });
  if (!status.ok()) return status;
  return FromProto(response);
}

}  // namespace stagebeam::remote
