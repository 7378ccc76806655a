#include "tests/serving/encoder_server.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace stagebeam::serving {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using encoder::v1::EncoderService;
using encoder::v1::FetchFeaturesRequest;
using encoder::v1::FetchFeaturesResponse;

ScriptedEncoder::ScriptedEncoder(CallRunner& calls, Encode encode, Fetch fetch)
    : calls_(calls), encode_(std::move(encode)), fetch_(std::move(fetch)) {}

grpc::ServerUnaryReactor* ScriptedEncoder::EncodeImage(
    grpc::CallbackServerContext* call, const EncodeImageRequest* request,
    EncodeImageResponse* response) {
  return calls_.Unary(
      call, "/stagebeam.encoder.v1.EncoderService/EncodeImage",
      [this, request, response](const inference::RequestContext& context) {
        return encode_ ? encode_(context, *request, *response)
                       : absl::OkStatus();
      });
}

grpc::ServerWriteReactor<FetchFeaturesResponse>* ScriptedEncoder::FetchFeatures(
    grpc::CallbackServerContext* call, const FetchFeaturesRequest* request) {
  return calls_.ServerStream<FetchFeaturesResponse>(
      call, "/stagebeam.encoder.v1.EncoderService/FetchFeatures",
      [this, request](const inference::RequestContext& context,
                      ResponseStream<FetchFeaturesResponse>& stream) {
        return fetch_ ? fetch_(context, *request, stream) : absl::OkStatus();
      });
}

EncoderServer::EncoderServer(Script script)
    : logger_(LogLevel::kDebug,
              [this](std::string_view line) {
                absl::MutexLock lock(&mutex_);
                lines_.emplace_back(line);
              }),
      metrics_("encoder") {
  if (!script.keep_addresses) {
    script.options.listen = "127.0.0.1:0";
    script.options.metrics_listen = "127.0.0.1:0";
  }
  auto calls =
      MakeCallRunner(script.options, metrics_, logger_,
                     absl::StatusCode::kResourceExhausted, script.tracer);
  EXPECT_TRUE(calls.ok()) << calls.status();
  calls_ = *std::move(calls);
  service_ = std::make_unique<ScriptedEncoder>(
      *calls_, std::move(script.encode), std::move(script.fetch));
  auto server = Server::Start(
      script.options, {{EncoderService::service_full_name(), service_.get()}},
      *calls_, metrics_, logger_);
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  if (script.serving) server_->SetServing();
}

std::string EncoderServer::address() const {
  return absl::StrCat("127.0.0.1:", server_->port());
}

std::shared_ptr<grpc::Channel> EncoderServer::NewChannel(
    const grpc::ChannelArguments& arguments) const {
  grpc::ChannelArguments own = arguments;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address(),
                                   grpc::InsecureChannelCredentials(), own);
}

std::unique_ptr<EncoderService::Stub> EncoderServer::NewStub() const {
  return EncoderService::NewStub(NewChannel());
}

std::vector<std::string> EncoderServer::log() const {
  absl::MutexLock lock(&mutex_);
  return lines_;
}

}  // namespace stagebeam::serving
