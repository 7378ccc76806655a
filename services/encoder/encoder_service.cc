#include "services/encoder/encoder_service.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "libs/remote/encoder_conversion.h"

namespace stagebeam::encoder {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr size_t kKeyDigits = 64;

// Keys are hex SHA-256: nothing else can be held, so no store need be asked.
bool CanBeHeld(std::string_view key) {
  return key.size() == kKeyDigits &&
         std::all_of(key.begin(), key.end(), absl::ascii_isxdigit);
}

absl::Status NotHeld() {
  return absl::NotFoundError(
      "key: no features are held under it, encode the picture again");
}

}  // namespace

grpc::ServerUnaryReactor* EncoderService::EncodeImage(
    grpc::CallbackServerContext* call, const v1::EncodeImageRequest* request,
    v1::EncodeImageResponse* response) {
  return calls_.Unary(
      call, "/stagebeam.encoder.v1.EncoderService/EncodeImage",
      [this, request, response](const inference::RequestContext& context) {
        return Encode(context, *request, *response);
      });
}

grpc::ServerWriteReactor<v1::FetchFeaturesResponse>*
EncoderService::FetchFeatures(grpc::CallbackServerContext* call,
                              const v1::FetchFeaturesRequest* request) {
  return calls_.ServerStream<v1::FetchFeaturesResponse>(
      call, "/stagebeam.encoder.v1.EncoderService/FetchFeatures",
      [this, request](const inference::RequestContext& context,
                      FetchStream& stream) {
        return Fetch(context, *request, stream);
      });
}

absl::Status EncoderService::Encode(const inference::RequestContext& context,
                                    const v1::EncodeImageRequest& request,
                                    v1::EncodeImageResponse& response) {
  auto result = encoder_.EncodeImage(context, request.image());
  if (!result.ok()) return result.status();
  response = remote::ToProto(*result);
  return absl::OkStatus();
}

absl::Status EncoderService::Fetch(const inference::RequestContext& context,
                                   const v1::FetchFeaturesRequest& request,
                                   FetchStream& stream) {
  if (!CanBeHeld(request.key())) return NotHeld();
  const auto blob = store_.Get(request.key(), context.deadline);
  // A store that fails is as good as one that lacks the key: the caller's way
  // on is the same.
  if (!blob.ok()) return NotHeld();
  const std::string_view bytes = (*blob)->bytes();
  v1::FetchFeaturesResponse piece;
  for (size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    piece.set_chunk(std::string(bytes.substr(at, kChunkBytes)));
    if (!stream.Write(piece)) return absl::CancelledError("caller left");
  }
  return absl::OkStatus();
}

}  // namespace stagebeam::encoder
