#ifndef STAGEBEAM_SERVICES_ENCODER_ENCODER_H_
#define STAGEBEAM_SERVICES_ENCODER_ENCODER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/engine/vision_encoder.h"
#include "libs/features/encode_once.h"
#include "libs/features/feature_stack.h"
#include "libs/inference/encoder.h"
#include "libs/pixels/image_decoder.h"
#include "libs/tracing/tracer.h"
#include "services/encoder/encoder_metrics.h"
#include "services/encoder/encoding_queue.h"

namespace stagebeam::encoder {

// The encoder port over the engine's vision encoder and the feature stores:
// each picture is encoded once, however many calls ask for it on however many
// replicas. Stores that fail cost at most their budget.
//
// Thread-safe. What it is given must outlive it.
class EngineEncoder final : public inference::Encoder {
 public:
  struct Options {
    pixels::ImageLimits limits;
    features::EncodeOnce::Options once;
  };

  EngineEncoder(const engine::VisionEncoder& vision,
                const features::FeatureStack& stack, EncodingQueue& queue,
                const Options& options, EncoderMetrics& metrics,
                tracing::Tracer tracer = {});

  // As the port. A caller that leaves while others wait for the same picture
  // takes nothing from them. RESOURCE_EXHAUSTED carries google.rpc.RetryInfo.
  absl::StatusOr<inference::EncodeResult> EncodeImage(
      const inference::RequestContext& context,
      std::string_view image) override;

  // Encodes a blank picture, past stores and queue, so that the first caller
  // does not pay for what is done once. Errors are the engine's.
  absl::Status WarmUp() const;

 private:
  using BlobOr = absl::StatusOr<std::shared_ptr<const features::FeatureBlob>>;

  std::string KeyOf(std::string_view image) const;
  // Waits for a turn and encodes; `elapsed` is the time without the wait.
  BlobOr Encode(const inference::RequestContext& context,
                std::string_view image, absl::Duration& elapsed);
  BlobOr Compute(const pixels::RgbImage& picture) const;
  void ReportLevels();

  const engine::VisionEncoder& vision_;
  const std::shared_ptr<features::MemoryStore> memory_;
  EncodingQueue& queue_;
  const Options options_;
  EncoderMetrics& metrics_;
  const tracing::Tracer tracer_;
  features::EncodeOnce once_;
};

}  // namespace stagebeam::encoder

#endif  // STAGEBEAM_SERVICES_ENCODER_ENCODER_H_
