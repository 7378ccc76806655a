#include "libs/serving/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "libs/serving/status_conversion.h"
#include "tests/serving/encoder_server.h"

namespace stagebeam::serving {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using encoder::v1::FetchFeaturesRequest;
using encoder::v1::FetchFeaturesResponse;
using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using inference::RequestContext;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kService[] = "stagebeam.encoder.v1.EncoderService";

grpc::Status CheckHealth(EncoderServer& server, const std::string& name,
                         HealthCheckResponse& response) {
  grpc::ClientContext client;
  HealthCheckRequest request;
  request.set_service(name);
  return Health::NewStub(server.NewChannel())
      ->Check(&client, request, &response);
}

HealthCheckResponse::ServingStatus HealthOf(EncoderServer& server,
                                            const std::string& name) {
  HealthCheckResponse response;
  EXPECT_TRUE(CheckHealth(server, name, response).ok());
  return response.status();
}

// A Watch that is read one status at a time.
class HealthWatch {
 public:
  HealthWatch(EncoderServer& server, const std::string& name)
      : stub_(Health::NewStub(server.NewChannel())) {
    HealthCheckRequest request;
    request.set_service(name);
    reader_ = stub_->Watch(&client_, request);
  }
  ~HealthWatch() { client_.TryCancel(); }

  // The next status, UNKNOWN at the end.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status()
                                    : HealthCheckResponse::UNKNOWN;
  }

 private:
  grpc::ClientContext client_;
  const std::unique_ptr<Health::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

TEST(Health, IsServingOnlyAfterItIsSaid) {
  EncoderServer server({.serving = false});
  for (const char* name : {"", kService}) {
    EXPECT_EQ(HealthOf(server, name), HealthCheckResponse::NOT_SERVING);
  }
  server.server().SetServing();
  for (const char* name : {"", kService}) {
    EXPECT_EQ(HealthOf(server, name), HealthCheckResponse::SERVING);
  }
}

TEST(Health, AnUnknownServiceIsNotFound) {
  EncoderServer server({});
  HealthCheckResponse response;
  EXPECT_EQ(CheckHealth(server, "no.such.Service", response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(HealthWatch(server, "no.such.Service").Next(),
            HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST(Health, AWatchHearsOfEveryChange) {
  EncoderServer server({.serving = false});
  HealthWatch watch(server, kService);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  server.server().SetServing();
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
}

TEST(Health, WatchesThatAreAbandonedDoNoHarm) {
  EncoderServer server({});
  for (int i = 0; i < 20; ++i) {
    HealthWatch watch(server, "");
    if (i % 2 == 0) watch.Next();
  }
  server.server().SetServing();
  EXPECT_EQ(HealthOf(server, ""), HealthCheckResponse::SERVING);
}

TEST(Drain, ARunningCallFinishesWhileNewOnesAreRefused) {
  absl::Notification started;
  absl::Notification finish;
  EncoderServer server(
      {.encode = [&](const RequestContext&, const EncodeImageRequest&,
                     EncodeImageResponse& response) {
        started.Notify();
        finish.WaitForNotification();
        response.set_cached(true);
        return absl::OkStatus();
      }});
  server.server().SetServing();
  HealthWatch watch(server, "");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  std::thread running([&] {
    grpc::ClientContext client;
    EncodeImageResponse response;
    EXPECT_TRUE(server.NewStub()
                    ->EncodeImage(&client, EncodeImageRequest(), &response)
                    .ok());
    EXPECT_TRUE(response.cached());
  });
  started.WaitForNotification();
  std::thread life([&] { EXPECT_EQ(server.server().Run(), 0); });
  kill(getpid(), SIGTERM);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  grpc::ClientContext client;
  EncodeImageResponse response;
  const absl::Status refused = FromGrpcStatus(
      server.NewStub()->EncodeImage(&client, EncodeImageRequest(), &response));
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryDelay(refused).has_value());
  finish.Notify();
  running.join();
  life.join();
  // The watch is ended, not cut.
  EXPECT_EQ(watch.Next(), HealthCheckResponse::UNKNOWN);
}

// Answers only when its caller has gone.
ScriptedEncoder::Encode WaitsForCancellation(absl::Notification& started) {
  return [&started](const RequestContext& context, const EncodeImageRequest&,
                    EncodeImageResponse&) {
    absl::Notification cancelled;
    const std::stop_callback notify(context.cancellation,
                                    [&] { cancelled.Notify(); });
    started.Notify();
    cancelled.WaitForNotification();
    return absl::CancelledError("told to stop");
  };
}

TEST(Drain, WhatOutlastsTheTimeoutIsCancelled) {
  absl::Notification started;
  ServerOptions options;
  options.drain_timeout = absl::Milliseconds(200);
  EncoderServer server(
      {.encode = WaitsForCancellation(started), .options = options});
  std::thread running([&] {
    grpc::ClientContext client;
    EncodeImageResponse response;
    EXPECT_EQ(server.NewStub()
                  ->EncodeImage(&client, EncodeImageRequest(), &response)
                  .error_code(),
              grpc::StatusCode::CANCELLED);
  });
  started.WaitForNotification();
  server.server().RequestShutdown();
  EXPECT_EQ(server.server().Run(), 0);
  running.join();
}

TEST(Drain, ASecondSignalCutsTheWaitShort) {
  absl::Notification started;
  ServerOptions options;
  options.drain_timeout = absl::Hours(1);
  EncoderServer server(
      {.encode = WaitsForCancellation(started), .options = options});
  server.server().SetServing();
  HealthWatch watch(server, "");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  std::thread running([&] {
    grpc::ClientContext client;
    EncodeImageResponse response;
    server.NewStub()->EncodeImage(&client, EncodeImageRequest(), &response);
  });
  started.WaitForNotification();
  std::thread life([&] { EXPECT_EQ(server.server().Run(), 0); });
  kill(getpid(), SIGTERM);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  kill(getpid(), SIGINT);
  life.join();
  running.join();
}

TEST(Limits, AnOversizedRequestIsRefused) {
  ServerOptions options;
  options.max_message_bytes = 1 << 16;
  EncoderServer server({.options = options});
  EncodeImageRequest request;
  request.set_image(std::string((1 << 16) + 100, 'x'));
  grpc::ClientContext client;
  EncodeImageResponse response;
  EXPECT_EQ(
      server.NewStub()->EncodeImage(&client, request, &response).error_code(),
      grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Limits, ARequestJustUnderTheLimitIsTaken) {
  ServerOptions options;
  options.max_message_bytes = 64 << 20;
  EncoderServer server({.options = options});
  EncodeImageRequest request;
  request.set_image(std::string((64 << 20) - 64, 'x'));
  grpc::ClientContext client;
  EncodeImageResponse response;
  EXPECT_TRUE(server.NewStub()->EncodeImage(&client, request, &response).ok());
}

TEST(Limits, ACompressedRequestIsRefusedUnread) {
  EncoderServer server({});
  EncodeImageRequest request;
  request.set_image(std::string(1 << 20, 'x'));
  grpc::ClientContext client;
  client.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EncodeImageResponse response;
  EXPECT_EQ(
      server.NewStub()->EncodeImage(&client, request, &response).error_code(),
      grpc::StatusCode::UNIMPLEMENTED);
}

// Answers to one reflection request in wire format, as raw bytes.
std::string Reflect(EncoderServer& server, const std::string& request) {
  const auto channel = server.NewChannel();
  grpc::GenericStub stub(channel);
  grpc::ClientContext client;
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &client, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      &queue);
  call->StartCall(nullptr);
  EXPECT_TRUE(done());
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  EXPECT_TRUE(done());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  EXPECT_TRUE(done());
  call->WritesDone(nullptr);
  EXPECT_TRUE(done());
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(done());
  grpc::Slice whole;
  EXPECT_TRUE(answer.DumpToSingleSlice(&whole).ok());
  return std::string(reinterpret_cast<const char*>(whole.begin()),
                     whole.size());
}

TEST(Reflection, ListsEveryService) {
  EncoderServer server({});
  // ServerReflectionRequest{list_services: "*"}.
  const std::string services = Reflect(server, "\x3A\x01*");
  EXPECT_THAT(services, HasSubstr(kService));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
}

TEST(Reflection, DescribesHealthAndOurContracts) {
  EncoderServer server({});
  // ServerReflectionRequest{file_containing_symbol: ...}.
  const std::string health = "grpc.health.v1.Health";
  const std::string file = Reflect(
      server,
      absl::StrCat("\x22", std::string(1, char(health.size())), health));
  EXPECT_THAT(file, HasSubstr("HealthCheckRequest"));
  const std::string service = kService;
  const std::string ours = Reflect(
      server,
      absl::StrCat("\x22", std::string(1, char(service.size())), service));
  EXPECT_THAT(ours, HasSubstr("FetchFeaturesResponse"));
}

std::string HttpGet(int port, const std::string& path) {
  const FileDescriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address),
                    sizeof(address)),
            0);
  const std::string request =
      absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(write(client.get(), request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string text;
  char bytes[4096];
  for (ssize_t count; (count = read(client.get(), bytes, sizeof(bytes))) > 0;) {
    text.append(bytes, static_cast<size_t>(count));
  }
  return text;
}

TEST(MetricsPage, ShowsMetricsAndHealth) {
  EncoderServer server({.serving = false});
  const int port = server.server().metrics_port();
  EXPECT_THAT(HttpGet(port, "/healthz"), StartsWith("HTTP/1.1 503 "));
  server.server().SetServing();
  EXPECT_THAT(HttpGet(port, "/healthz"), StartsWith("HTTP/1.1 200 "));
  const std::string page = HttpGet(port, "/metrics");
  EXPECT_THAT(page, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(page, HasSubstr("stagebeam_build_info{service=\"encoder\""));
}

TEST(Server, ListensOnAUnixSocket) {
  ServerOptions options;
  const std::string path =
      absl::StrCat(testing::TempDir(), "server.", getpid(), ".sock");
  options.listen = "unix:" + path;
  options.metrics_listen = "";
  EncoderServer server({.options = options, .keep_addresses = true});
  EXPECT_EQ(server.server().port(), 0);
  EXPECT_EQ(server.server().metrics_port(), 0);
  const auto channel =
      grpc::CreateChannel(options.listen, grpc::InsecureChannelCredentials());
  grpc::ClientContext client;
  EncodeImageResponse response;
  EXPECT_TRUE(encoder::v1::EncoderService::NewStub(channel)
                  ->EncodeImage(&client, EncodeImageRequest(), &response)
                  .ok());
}

TEST(Server, EndsWithOpenWatchesAndCallsWhereItIsDestroyed) {
  absl::Notification started;
  std::thread running;
  {
    EncoderServer server({.encode = WaitsForCancellation(started)});
    const auto stub =
        std::make_shared<std::unique_ptr<encoder::v1::EncoderService::Stub>>(
            server.NewStub());
    running = std::thread([stub] {
      grpc::ClientContext client;
      EncodeImageResponse response;
      EXPECT_FALSE(
          (*stub)->EncodeImage(&client, EncodeImageRequest(), &response).ok());
    });
    started.WaitForNotification();
  }
  running.join();
}

}  // namespace
}  // namespace stagebeam::serving
