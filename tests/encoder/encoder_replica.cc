#include "tests/encoder/encoder_replica.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <sstream>

namespace stagebeam::encoder {
namespace {

serving::ServerOptions Loopback() {
  serving::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.metrics_listen = "";
  options.log_level = serving::LogLevel::kError;
  return options;
}

features::FeatureStack Stack(const std::vector<std::string>& redis,
                             worker::StoreMetrics& metrics) {
  features::FeatureStackOptions options;
  options.redis_addresses = redis;
  // Wide enough for a loaded machine: it must not decide a test.
  options.budget = absl::Seconds(20);
  auto stack = features::BuildFeatureStack(options, nullptr, &metrics);
  EXPECT_TRUE(stack.ok()) << stack.status();
  return *std::move(stack);
}

EngineEncoder::Options EncoderOptions(const pixels::ImageLimits& limits) {
  EngineEncoder::Options options;
  options.limits = limits;
  options.once.cache_budget = absl::Seconds(20);
  return options;
}

}  // namespace

const engine::VisionEncoder& ReferenceVision() {
  static const engine::VisionEncoder* vision = [] {
    engine::EngineOptions options;
    options.checkpoint = "models/reference";
    options.dtype = engine::DType::kFloat32;
    auto loaded = engine::VisionEncoder::Load(options);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded->release();
  }();
  return *vision;
}

EncoderReplica::EncoderReplica(const Options& options)
    : stack_(Stack(options.redis, store_metrics_)),
      queue_(options.queue),
      encoder_(ReferenceVision(), stack_, queue_,
               EncoderOptions(options.limits), encoder_metrics_) {
  auto calls = serving::MakeCallRunner(Loopback(), metrics_, logger_);
  EXPECT_TRUE(calls.ok()) << calls.status();
  calls_ = *std::move(calls);
  service_ = std::make_unique<EncoderService>(encoder_, *stack_.store, *calls_);
  auto server = serving::Server::Start(
      Loopback(), {{v1::EncoderService::service_full_name(), service_.get()}},
      *calls_, metrics_, logger_);
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  server_->SetServing();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  stub_ = v1::EncoderService::NewStub(
      grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                grpc::InsecureChannelCredentials(), arguments));
}

grpc::Status EncoderReplica::Encode(const std::string& image,
                                    v1::EncodeImageResponse* response) {
  grpc::ClientContext context;
  v1::EncodeImageRequest request;
  request.set_image(image);
  return stub_->EncodeImage(&context, request, response);
}

grpc::Status EncoderReplica::Fetch(const std::string& key,
                                   std::vector<std::string>* chunks) {
  grpc::ClientContext context;
  v1::FetchFeaturesRequest request;
  request.set_key(key);
  const auto reader = stub_->FetchFeatures(&context, request);
  v1::FetchFeaturesResponse piece;
  while (reader->Read(&piece)) chunks->push_back(piece.chunk());
  return reader->Finish();
}

double EncoderReplica::Metric(const std::string& name_and_labels) const {
  std::istringstream page(metrics_.Text());
  for (std::string line; std::getline(page, line);) {
    if (line.rfind(name_and_labels + " ", 0) != 0) continue;
    return std::stod(line.substr(name_and_labels.size() + 1));
  }
  return 0;
}

}  // namespace stagebeam::encoder
