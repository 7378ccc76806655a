#include "libs/serving/call_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/serving/status_conversion.h"
#include "libs/tracing/trace_context.h"
#include "tests/serving/encoder_server.h"
#include "tests/tracing/span_log.h"

namespace stagebeam::serving {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using encoder::v1::FetchFeaturesRequest;
using encoder::v1::FetchFeaturesResponse;
using inference::RequestContext;
using ::testing::HasSubstr;

constexpr char kTraceparent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// Blocks a handler until its caller has gone.
void WaitUntilCancelled(const RequestContext& context) {
  absl::Notification cancelled;
  const std::stop_callback notify(context.cancellation,
                                  [&] { cancelled.Notify(); });
  cancelled.WaitForNotification();
}

ScriptedEncoder::Encode Answers(absl::Status status) {
  return [status](const RequestContext&, const EncodeImageRequest&,
                  EncodeImageResponse&) { return status; };
}

grpc::Status Encode(EncoderServer& server, grpc::ClientContext& client,
                    EncodeImageResponse* response = nullptr) {
  EncodeImageResponse unused;
  return server.NewStub()->EncodeImage(
      &client, EncodeImageRequest(), response == nullptr ? &unused : response);
}

grpc::Status Encode(EncoderServer& server) {
  grpc::ClientContext client;
  return Encode(server, client);
}

TEST(CallRunner, AHandlersAnswerArrives) {
  EncoderServer server(
      {.encode = [](const RequestContext&, const EncodeImageRequest& request,
                    EncodeImageResponse& response) {
        response.mutable_features()->set_key("key of " + request.image());
        return absl::OkStatus();
      }});
  grpc::ClientContext client;
  EncodeImageRequest request;
  request.set_image("cat");
  EncodeImageResponse response;
  EXPECT_TRUE(server.NewStub()->EncodeImage(&client, request, &response).ok());
  EXPECT_EQ(response.features().key(), "key of cat");
}

TEST(CallRunner, AnErrorArrivesWithItsDetails) {
  const absl::Status given = RetryAfter(InvalidField("image", "is no picture"),
                                        absl::Milliseconds(250));
  EncoderServer server({.encode = Answers(given)});
  EXPECT_EQ(FromGrpcStatus(Encode(server)), given);
}

TEST(CallRunner, APortsPlainErrorArrivesWithABadRequest) {
  EncoderServer server(
      {.encode = Answers(absl::InvalidArgumentError("image: broken PNG"))});
  const absl::Status status = FromGrpcStatus(Encode(server));
  ASSERT_EQ(FieldViolations(status).size(), 1u);
  EXPECT_EQ(FieldViolations(status)[0].field, "image");
}

TEST(CallRunner, CancellationReachesTheHandler) {
  absl::Notification started;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        started.Notify();
        WaitUntilCancelled(context);
        return absl::CancelledError("seen");
      }});
  grpc::ClientContext client;
  std::thread canceller([&] {
    started.WaitForNotification();
    client.TryCancel();
  });
  EXPECT_EQ(Encode(server, client).error_code(), grpc::StatusCode::CANCELLED);
  canceller.join();
}

TEST(CallRunner, TheDeadlineReachesTheHandlerAndStopsIt) {
  absl::Time seen;
  absl::Notification stopped;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        seen = context.deadline;
        WaitUntilCancelled(context);
        stopped.Notify();
        return absl::OkStatus();
      }});
  grpc::ClientContext client;
  const absl::Time deadline = absl::Now() + absl::Seconds(2);
  client.set_deadline(absl::ToChronoTime(deadline));
  EXPECT_EQ(Encode(server, client).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  stopped.WaitForNotification();
  // It travels as a time-out, so the two ends differ by the way between them.
  EXPECT_LT(absl::AbsDuration(seen - deadline), absl::Seconds(30));
}

TEST(CallRunner, ACallWithoutADeadlineHasAnInfiniteOne) {
  absl::Time seen;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        seen = context.deadline;
        return absl::OkStatus();
      }});
  EXPECT_TRUE(Encode(server).ok());
  EXPECT_EQ(seen, absl::InfiniteFuture());
}

// The context of one call with the metadata given.
RequestContext ContextOf(
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  RequestContext seen;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        seen = context;
        return absl::OkStatus();
      }});
  grpc::ClientContext client;
  for (const auto& [name, value] : metadata) client.AddMetadata(name, value);
  EXPECT_TRUE(Encode(server, client).ok());
  return seen;
}

TEST(CallRunner, TheCallersTraceGoesOnInAChildSpan) {
  const RequestContext context =
      ContextOf({{"traceparent", kTraceparent}, {"x-request-id", "r-17"}});
  const auto span = tracing::ParseTraceparent(context.traceparent);
  ASSERT_TRUE(span.has_value());
  EXPECT_EQ(span->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(span->span_id, "b7ad6b7169203331");
  EXPECT_EQ(span->flags, 1);
  EXPECT_EQ(context.request_id, "r-17");
}

TEST(CallRunner, WithoutAUsableTraceANewOneStarts) {
  EXPECT_TRUE(tracing::ParseTraceparent(ContextOf({}).traceparent).has_value());
  const RequestContext context = ContextOf(
      {{"traceparent", "nonsense"}, {"x-request-id", std::string(200, 'x')}});
  EXPECT_TRUE(tracing::ParseTraceparent(context.traceparent).has_value());
  EXPECT_EQ(context.request_id, "");
}

TEST(CallRunner, ACallOverTheBoundIsRefusedAtOnceWithRetryInfo) {
  absl::Notification started;
  absl::Notification finish;
  ServerOptions options;
  options.max_concurrent_calls = 1;
  EncoderServer server(
      {.encode =
           [&](const RequestContext&, const EncodeImageRequest&,
               EncodeImageResponse&) {
             started.Notify();
             finish.WaitForNotification();
             return absl::OkStatus();
           },
       .options = options});
  std::thread first([&] { EXPECT_TRUE(Encode(server).ok()); });
  started.WaitForNotification();
  const absl::Status refused = FromGrpcStatus(Encode(server));
  finish.Notify();
  first.join();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryDelay(refused), absl::Milliseconds(500));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("most calls, 1"));
}

TEST(CallRunner, AnExceptionIsThatCallsErrorAndNobodyElses) {
  int calls = 0;
  EncoderServer server(
      {.encode = [&](const RequestContext&, const EncodeImageRequest&,
                     EncodeImageResponse&) -> absl::Status {
        if (calls++ == 0) throw std::runtime_error("secret");
        if (calls == 2) throw 17;
        return absl::OkStatus();
      }});
  for (int i = 0; i < 2; ++i) {
    const grpc::Status status = Encode(server);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(status.error_message().find("secret"), std::string::npos);
  }
  EXPECT_TRUE(Encode(server).ok());
}

TEST(CallRunner, CallsAreCountedByMethodAndCode) {
  EncoderServer server({.encode = Answers(absl::NotFoundError("gone"))});
  Encode(server);
  Encode(server);
  const std::string text = server.metrics().Text();
  EXPECT_THAT(
      text,
      HasSubstr("stagebeam_rpc_requests_total{code=\"NOT_FOUND\",method=\""
                "/stagebeam.encoder.v1.EncoderService/EncodeImage\"} 2"));
  EXPECT_THAT(text, HasSubstr("stagebeam_rpc_seconds_count{method=\""));
  EXPECT_THAT(text, HasSubstr("stagebeam_rpc_in_flight_calls "));
}

TEST(CallRunner, ACallsEndIsLoggedWithItsTrace) {
  EncoderServer server({.encode = Answers(absl::InternalError("broken"))});
  grpc::ClientContext client;
  client.AddMetadata("traceparent", kTraceparent);
  Encode(server, client);
  bool found = false;
  for (const std::string& line : server.log()) {
    const nlohmann::json entry = nlohmann::json::parse(line);
    if (entry["message"] != "call ended") continue;
    found = true;
    EXPECT_EQ(entry["level"], "error");
    EXPECT_EQ(entry["code"], "INTERNAL");
    EXPECT_EQ(entry["error"], "broken");
    EXPECT_EQ(entry["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  }
  EXPECT_TRUE(found);
}

TEST(CallRunner, ACallIsASpanThatSaysHowItEnded) {
  testing::SpanLog log;
  EncoderServer server({.encode = Answers(absl::NotFoundError("gone")),
                        .tracer = tracing::Tracer(log, 0)});
  Encode(server);
  grpc::ClientContext client;
  client.AddMetadata("traceparent", kTraceparent);
  client.AddMetadata("x-request-id", "r-17");
  Encode(server, client);
  const std::vector<tracing::SpanRecord> spans = log.spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].name, "stagebeam.encoder.v1.EncoderService/EncodeImage");
  EXPECT_EQ(spans[0].kind, tracing::SpanKind::kServer);
  EXPECT_EQ(spans[0].parent_span_id, "b7ad6b7169203331");
  EXPECT_EQ(spans[0].status, absl::NotFoundError("gone"));
  const auto text = [&](const char* name) {
    return testing::AttributeOf<std::string>(spans[0], name);
  };
  EXPECT_EQ(text("rpc.service"), "stagebeam.encoder.v1.EncoderService");
  EXPECT_EQ(text("rpc.method"), "EncodeImage");
  EXPECT_EQ(text("stagebeam.request_id"), "r-17");
  EXPECT_EQ(testing::AttributeOf<int64_t>(spans[0], "rpc.grpc.status_code"), 5);
}

TEST(CallRunner, ARefusedCallIsASpanToo) {
  testing::SpanLog log;
  const std::string path =
      ::testing::TempDir() + "span_tokens." + std::to_string(getpid());
  std::ofstream(path) << "sesame\n";
  ServerOptions options;
  options.auth_tokens_file = path;
  EncoderServer server({.options = options, .tracer = {log, 1}});
  unlink(path.c_str());
  Encode(server);
  ASSERT_EQ(log.spans().size(), 1u);
  EXPECT_TRUE(absl::IsUnauthenticated(log.spans()[0].status));
}

TEST(CallRunner, WithTokensOnlyTheirHoldersAreLetIn) {
  const std::string path =
      ::testing::TempDir() + "call_tokens." + std::to_string(getpid());
  std::ofstream(path) << "sesame\n";
  ServerOptions options;
  options.auth_tokens_file = path;
  EncoderServer server({.options = options});
  unlink(path.c_str());
  EXPECT_EQ(Encode(server).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext wrong;
  wrong.AddMetadata("authorization", "Bearer sesam");
  EXPECT_EQ(Encode(server, wrong).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext right;
  right.AddMetadata("authorization", "Bearer sesame");
  EXPECT_TRUE(Encode(server, right).ok());
}

// Sends `count` chunks and says how many were taken.
ScriptedEncoder::Fetch Sends(int count, int& taken) {
  return [count, &taken](const RequestContext&, const FetchFeaturesRequest&,
                         ResponseStream<FetchFeaturesResponse>& stream) {
    for (taken = 0; taken < count; ++taken) {
      FetchFeaturesResponse response;
      response.set_chunk(std::to_string(taken));
      if (!stream.Write(response)) return absl::CancelledError("reader gone");
    }
    return absl::OkStatus();
  };
}

TEST(ResponseStream, EveryResponseArrivesInOrder) {
  int taken = 0;
  EncoderServer server({.fetch = Sends(500, taken)});
  grpc::ClientContext client;
  const auto stub = server.NewStub();
  const auto reader = stub->FetchFeatures(&client, FetchFeaturesRequest());
  FetchFeaturesResponse response;
  int count = 0;
  while (reader->Read(&response)) {
    EXPECT_EQ(response.chunk(), std::to_string(count++));
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 500);
}

TEST(ResponseStream, AReaderHoldsTheWriterBack) {
  constexpr int kChunks = 1024;
  constexpr int kChunkBytes = 1 << 18;
  // More than HTTP/2's windows and the sockets hold, less than all chunks.
  constexpr int kMostAhead = (64 << 20) / kChunkBytes;
  std::atomic<int> written = 0;
  EncoderServer server(
      {.fetch = [&](const RequestContext&, const FetchFeaturesRequest&,
                    ResponseStream<FetchFeaturesResponse>& stream) {
        FetchFeaturesResponse response;
        response.set_chunk(std::string(kChunkBytes, 'x'));
        while (written < kChunks && stream.Write(response)) ++written;
        return absl::OkStatus();
      }});
  const auto stub = server.NewStub();
  grpc::ClientContext client;
  const auto reader = stub->FetchFeatures(&client, FetchFeaturesRequest());
  FetchFeaturesResponse response;
  int read = 0;
  int most_ahead = 0;
  while (reader->Read(&response)) {
    most_ahead = std::max(most_ahead, written - ++read);
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(read, kChunks);
  EXPECT_LT(most_ahead, kMostAhead);
}

TEST(ResponseStream, AGoneReaderEndsTheWriter) {
  absl::Notification ended;
  EncoderServer server(
      {.fetch = [&](const RequestContext&, const FetchFeaturesRequest&,
                    ResponseStream<FetchFeaturesResponse>& stream) {
        while (stream.Write(FetchFeaturesResponse())) {
        }
        EXPECT_FALSE(stream.Write(FetchFeaturesResponse()));
        ended.Notify();
        return absl::CancelledError("reader gone");
      }});
  {
    grpc::ClientContext client;
    const auto stub = server.NewStub();
    const auto reader = stub->FetchFeatures(&client, FetchFeaturesRequest());
    FetchFeaturesResponse response;
    reader->Read(&response);
    client.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  ended.WaitForNotification();
}

TEST(ResponseStream, AnErrorAfterSomeResponsesArrivesLast) {
  EncoderServer server(
      {.fetch = [](const RequestContext&, const FetchFeaturesRequest&,
                   ResponseStream<FetchFeaturesResponse>& stream) {
        stream.Write(FetchFeaturesResponse());
        return absl::DataLossError("half");
      }});
  grpc::ClientContext client;
  const auto stub = server.NewStub();
  const auto reader = stub->FetchFeatures(&client, FetchFeaturesRequest());
  FetchFeaturesResponse response;
  EXPECT_TRUE(reader->Read(&response));
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(FromGrpcStatus(reader->Finish()), absl::DataLossError("half"));
}

TEST(ResponseStream, WritersOnSeveralThreadsTakeTurns) {
  EncoderServer server(
      {.fetch = [](const RequestContext&, const FetchFeaturesRequest&,
                   ResponseStream<FetchFeaturesResponse>& stream) {
        std::vector<std::thread> writers;
        for (int i = 0; i < 4; ++i) {
          writers.emplace_back([&] {
            for (int k = 0; k < 50; ++k) stream.Write(FetchFeaturesResponse());
          });
        }
        for (std::thread& writer : writers) writer.join();
        return absl::OkStatus();
      }});
  grpc::ClientContext client;
  const auto stub = server.NewStub();
  const auto reader = stub->FetchFeatures(&client, FetchFeaturesRequest());
  FetchFeaturesResponse response;
  int count = 0;
  while (reader->Read(&response)) ++count;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 200);
}

}  // namespace
}  // namespace stagebeam::serving
