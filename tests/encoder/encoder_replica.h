#ifndef STAGEBEAM_TESTS_ENCODER_ENCODER_REPLICA_H_
#define STAGEBEAM_TESTS_ENCODER_ENCODER_REPLICA_H_

#include <memory>
#include <string>
#include <vector>

#include "libs/engine/vision_encoder.h"
#include "libs/features/feature_stack.h"
#include "libs/serving/server.h"
#include "services/encoder/encoder.h"
#include "services/encoder/encoder_metrics.h"
#include "services/encoder/encoder_service.h"
#include "services/encoder/encoding_queue.h"
#include "services/worker/store_metrics.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"

namespace stagebeam::encoder {

// The vision side of models/reference in float32, loaded once.
const engine::VisionEncoder& ReferenceVision();

// The encoder service as main() builds it, on a port of 127.0.0.1.
class EncoderReplica {
 public:
  struct Options {
    // Addresses of Redis; none: memory alone.
    std::vector<std::string> redis = {};
    EncodingQueue::Options queue = {};
    pixels::ImageLimits limits = {};
  };

  // Fails the test where it cannot start.
  explicit EncoderReplica(const Options& options);

  v1::EncoderService::Stub& stub() { return *stub_; }
  EncodingQueue& queue() { return queue_; }
  features::FeatureStack& stack() { return stack_; }

  // One EncodeImage call, without a deadline.
  grpc::Status Encode(const std::string& image,
                      v1::EncodeImageResponse* response);
  // One FetchFeatures call; the chunks in order.
  grpc::Status Fetch(const std::string& key, std::vector<std::string>* chunks);
  // Value of a line of the metrics page, by all before the value; 0 where it
  // is missing.
  double Metric(const std::string& name_and_labels) const;

 private:
  const serving::Logger logger_{serving::LogLevel::kError};
  serving::Metrics metrics_{"encoder"};
  worker::StoreMetrics store_metrics_{metrics_};
  EncoderMetrics encoder_metrics_{metrics_};
  features::FeatureStack stack_;
  EncodingQueue queue_;
  EngineEncoder encoder_;
  std::unique_ptr<serving::CallRunner> calls_;
  std::unique_ptr<EncoderService> service_;
  std::unique_ptr<serving::Server> server_;
  std::unique_ptr<v1::EncoderService::Stub> stub_;
};

}  // namespace stagebeam::encoder

#endif  // STAGEBEAM_TESTS_ENCODER_ENCODER_REPLICA_H_
