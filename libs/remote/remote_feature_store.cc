#include "libs/remote/remote_feature_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"

namespace stagebeam::remote {
namespace {

using encoder::v1::EncoderService;
using encoder::v1::FetchFeaturesRequest;
using encoder::v1::FetchFeaturesResponse;

// Puts the stream's chunks together, up to `max_bytes`.
grpc::Status Fetch(grpc::ClientContext& client,
                   const std::shared_ptr<grpc::Channel>& channel,
                   const FetchFeaturesRequest& request, int64_t max_bytes,
                   std::string& bytes) {
  bytes.clear();
  const auto stub = EncoderService::NewStub(channel);
  const auto reader = stub->FetchFeatures(&client, request);
  FetchFeaturesResponse response;
  while (reader->Read(&response)) {
    const size_t size = bytes.size() + response.chunk().size();
    if (size > static_cast<size_t>(max_bytes)) {
      client.TryCancel();
      reader->Finish();
      return grpc::Status(
          grpc::StatusCode::RESOURCE_EXHAUSTED,
          absl::StrCat("the features take over ", max_bytes, " bytes"));
    }
    bytes += response.chunk();
  }
  return reader->Finish();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const features::FeatureBlob>>
RemoteFeatureStore::Get(const std::string& key, absl::Time deadline) {
  FetchFeaturesRequest request;
  request.set_key(key);
  inference::RequestContext context;
  context.deadline = deadline;
  std::string bytes;
  const absl::Status status = replicas_.Call(
      context, {.key = key, .search_all = true},
      [&](grpc::ClientContext& client, const auto& channel) {
        return Fetch(client, channel, request, max_blob_bytes_, bytes);
      });
  if (!status.ok()) return status;
  auto blob = features::FeatureBlob::Parse(std::move(bytes));
  if (blob.ok()) return blob;
  return absl::NotFoundError(
      absl::StrCat("an encoder sent features that do not verify: ",
                   blob.status().message()));
}

absl::Status RemoteFeatureStore::Put(
    const std::string& key, std::shared_ptr<const features::FeatureBlob> blob,
    absl::Time deadline) {
  return absl::UnimplementedError("encoders keep only what they encode");
}

}  // namespace stagebeam::remote
