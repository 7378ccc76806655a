#ifndef STAGEBEAM_SERVICES_ENCODER_ENCODER_SERVICE_H_
#define STAGEBEAM_SERVICES_ENCODER_ENCODER_SERVICE_H_

#include "absl/status/status.h"
#include "libs/features/feature_store.h"
#include "libs/inference/encoder.h"
#include "libs/serving/call_runner.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"

namespace stagebeam::encoder {

// stagebeam.encoder.v1 over an encoder and the store that it fills.
//
// Thread-safe. What it is given must outlive it.
class EncoderService final : public v1::EncoderService::CallbackService {
 public:
  // `store` is asked for FetchFeatures: this process's memory first.
  EncoderService(inference::Encoder& encoder, features::FeatureStore& store,
                 serving::CallRunner& calls)
      : encoder_(encoder), store_(store), calls_(calls) {}

  grpc::ServerUnaryReactor* EncodeImage(
      grpc::CallbackServerContext* call, const v1::EncodeImageRequest* request,
      v1::EncodeImageResponse* response) override;
  grpc::ServerWriteReactor<v1::FetchFeaturesResponse>* FetchFeatures(
      grpc::CallbackServerContext* call,
      const v1::FetchFeaturesRequest* request) override;

 private:
  using FetchStream = serving::ResponseStream<v1::FetchFeaturesResponse>;

  absl::Status Encode(const inference::RequestContext& context,
                      const v1::EncodeImageRequest& request,
                      v1::EncodeImageResponse& response);
  absl::Status Fetch(const inference::RequestContext& context,
                     const v1::FetchFeaturesRequest& request,
                     FetchStream& stream);

  inference::Encoder& encoder_;
  features::FeatureStore& store_;
  serving::CallRunner& calls_;
};

}  // namespace stagebeam::encoder

#endif  // STAGEBEAM_SERVICES_ENCODER_ENCODER_SERVICE_H_
