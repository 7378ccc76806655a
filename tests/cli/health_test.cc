#include "cli/health.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "grpc/health/v1/health.grpc.pb.h"

namespace stagebeam::cli {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::HasSubstr;

// A server that starts as NOT_SERVING and comes up while it is watched.
class ScriptedHealth : public Health::Service {
 public:
  grpc::Status Watch(grpc::ServerContext* context, const HealthCheckRequest*,
                     grpc::ServerWriter<HealthCheckResponse>* writer) override {
    HealthCheckResponse response;
    response.set_status(HealthCheckResponse::NOT_SERVING);
    writer->Write(response);
    response.set_status(HealthCheckResponse::SERVING);
    writer->Write(response);
    return grpc::Status::OK;
  }
};

struct Listening {
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

Listening Serve(Health::Service* service, int port = 0) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service);
  return {builder.BuildAndStart(), "127.0.0.1:" + std::to_string(port)};
}

TEST(Health, WaitingSeesAServerComeUp) {
  ScriptedHealth service;
  const Listening listening = Serve(&service);
  EXPECT_TRUE(CheckHealth({listening.address, absl::Seconds(60)}).ok());
}

TEST(Health, AskingOnceTakesTheFirstState) {
  ScriptedHealth service;
  const Listening listening = Serve(&service);
  const absl::Status status =
      CheckHealth({listening.address, absl::ZeroDuration()});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("NOT_SERVING"));
}

TEST(Health, AnAbsentServerIsNamed) {
  ScriptedHealth service;
  Listening listening = Serve(&service);
  listening.server->Shutdown();
  listening.server->Wait();
  const absl::Status status =
      CheckHealth({listening.address, absl::ZeroDuration()});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr(listening.address));
}

TEST(Health, FlagsAreChecked) {
  EXPECT_EQ(ReadHealthConfig({"--server=a:1", "--wait=90s"})->wait,
            absl::Seconds(90));
  EXPECT_THAT(ReadHealthConfig({"--wait=-1s"}).status().message(),
              HasSubstr("--wait"));
  EXPECT_THAT(ReadHealthConfig({"now"}).status().message(), HasSubstr("'now'"));
}

}  // namespace
}  // namespace stagebeam::cli
