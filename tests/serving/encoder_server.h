#ifndef STAGEBEAM_TESTS_SERVING_ENCODER_SERVER_H_
#define STAGEBEAM_TESTS_SERVING_ENCODER_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "libs/serving/server.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"

namespace stagebeam::serving {

// An EncoderService whose answers the test writes: a real service for the rooms
// that carry services.
class ScriptedEncoder final
    : public encoder::v1::EncoderService::CallbackService {
 public:
  using Encode = std::function<absl::Status(
      const inference::RequestContext&, const encoder::v1::EncodeImageRequest&,
      encoder::v1::EncodeImageResponse&)>;
  using Fetch = std::function<absl::Status(
      const inference::RequestContext&,
      const encoder::v1::FetchFeaturesRequest&,
      ResponseStream<encoder::v1::FetchFeaturesResponse>&)>;

  ScriptedEncoder(CallRunner& calls, Encode encode, Fetch fetch);

  grpc::ServerUnaryReactor* EncodeImage(
      grpc::CallbackServerContext* call,
      const encoder::v1::EncodeImageRequest* request,
      encoder::v1::EncodeImageResponse* response) override;
  grpc::ServerWriteReactor<encoder::v1::FetchFeaturesResponse>* FetchFeatures(
      grpc::CallbackServerContext* call,
      const encoder::v1::FetchFeaturesRequest* request) override;

 private:
  CallRunner& calls_;
  const Encode encode_;
  const Fetch fetch_;
};

// A whole server on a free port of 127.0.0.1 around a ScriptedEncoder. Fails
// the test where it does not start.
class EncoderServer {
 public:
  struct Script {
    // Answers with an empty message where not set.
    ScriptedEncoder::Encode encode = {};
    ScriptedEncoder::Fetch fetch = {};
    // listen and metrics_listen are replaced by free local ports, unless
    // `keep_addresses`.
    ServerOptions options = {};
    bool keep_addresses = false;
    tracing::Tracer tracer = {};
    // Whether health says SERVING from the beginning.
    bool serving = true;
  };

  explicit EncoderServer(Script script);

  Server& server() { return *server_; }
  Metrics& metrics() { return metrics_; }
  // "127.0.0.1:port".
  std::string address() const;
  std::shared_ptr<grpc::Channel> NewChannel(
      const grpc::ChannelArguments& arguments = {}) const;
  std::unique_ptr<encoder::v1::EncoderService::Stub> NewStub() const;
  // Lines logged so far.
  std::vector<std::string> log() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  Logger logger_;
  Metrics metrics_;
  std::unique_ptr<CallRunner> calls_;
  std::unique_ptr<ScriptedEncoder> service_;
  std::unique_ptr<Server> server_;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_TESTS_SERVING_ENCODER_SERVER_H_
