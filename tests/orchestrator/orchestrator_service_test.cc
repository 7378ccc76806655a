// The service over a real gRPC connection on the loopback.
#include "services/orchestrator/orchestrator_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/serving/authenticator.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/serving/status_conversion.h"
#include "tests/orchestrator/scripted_workers.h"

namespace stagebeam::orchestrator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class OrchestratorServiceTest : public testing::Test {
 protected:
  OrchestratorServiceTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::OrchestratorService::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                            grpc::InsecureChannelCredentials()));
  }
  ~OrchestratorServiceTest() override { server_->Shutdown(); }

  static v1::ReasonRequest Request() {
    v1::ReasonRequest request;
    request.set_image("cat");
    request.set_question("What?");
    request.mutable_search()->mutable_stage_beam()->set_candidate_count(2);
    return request;
  }

  absl::Status Reason(const v1::ReasonRequest& request,
                      v1::ReasonResponse& response) {
    grpc::ClientContext context;
    return serving::FromGrpcStatus(stub_->Reason(&context, request, &response));
  }

  // The events of a call that must succeed.
  std::vector<v1::StreamReasonResponse> Stream(
      const v1::ReasonRequest& request) {
    grpc::ClientContext context;
    v1::StreamReasonRequest stream_request;
    *stream_request.mutable_request() = request;
    const auto reader = stub_->StreamReason(&context, stream_request);
    std::vector<v1::StreamReasonResponse> events;
    for (v1::StreamReasonResponse event; reader->Read(&event);) {
      events.push_back(event);
    }
    EXPECT_TRUE(reader->Finish().ok());
    return events;
  }

  ScriptedEncoder encoder_;
  ScriptedGenerator generator_;
  ScriptedJudge judge_;
  FanOut fan_out_{4};
  serving::Metrics metrics_{"orchestrator"};
  serving::Logger logger_{serving::LogLevel::kError, [](std::string_view) {}};
  SolverMetrics solver_metrics_{metrics_};
  Solver solver_{{encoder_, generator_, judge_, fan_out_}, solver_metrics_};
  serving::CallRunner calls_{{.max_concurrent_calls = 2,
                              .overload_code = absl::StatusCode::kUnavailable},
                             serving::Authenticator(),
                             metrics_,
                             logger_};
  OrchestratorServiceAdapter service_{{}, solver_, solver_metrics_, calls_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::OrchestratorService::Stub> stub_;
};

TEST_F(OrchestratorServiceTest, AnswersAQuestion) {
  v1::ReasonResponse response;
  ASSERT_TRUE(Reason(Request(), response).ok());
  EXPECT_THAT(response.request_id(), SizeIs(32));
  ASSERT_THAT(response.stages(), SizeIs(4));
  EXPECT_EQ(response.stages(3).stage(), v1::STAGE_CONCLUSION);
  EXPECT_EQ(response.answer(), response.stages(3).text());
  EXPECT_EQ(response.usage().candidate_count(), 8);
  EXPECT_EQ(response.usage().duel_count(), 4);
  EXPECT_EQ(response.model_id(), "scripted@1");
  EXPECT_EQ(response.image_key(), "features-of-cat-1x17x192x4");
  EXPECT_FALSE(response.has_trace());
}

TEST_F(OrchestratorServiceTest, AddsTheTraceWhereAskedFor) {
  v1::ReasonRequest request = Request();
  request.set_include_trace(true);
  v1::ReasonResponse response;
  ASSERT_TRUE(Reason(request, response).ok());
  ASSERT_THAT(response.trace().expansions(), SizeIs(4));
  for (const v1::Expansion& expansion : response.trace().expansions()) {
    EXPECT_THAT(expansion.candidates(), SizeIs(2));
    ASSERT_THAT(expansion.duels(), SizeIs(1));
    EXPECT_THAT(expansion.survivors(),
                ElementsAre(expansion.duels(0).winner()));
    EXPECT_EQ(expansion.duels(0).confidence(), 0.75);
    EXPECT_EQ(expansion.duels(0).rationale(), "so");
    EXPECT_TRUE(expansion.candidates(0).eligible());
    EXPECT_EQ(expansion.candidates(0).finish_reason(),
              generator::v1::FINISH_REASON_STOP_STRING);
    EXPECT_EQ(expansion.candidates(1).token_count(), 2);
  }
}

TEST_F(OrchestratorServiceTest, StreamsEveryStepInOrder) {
  using Event = v1::StreamReasonResponse;
  const auto events = Stream(Request());
  std::vector<Event::EventCase> cases;
  for (const Event& event : events) cases.push_back(event.event_case());
  std::vector<Event::EventCase> wanted = {Event::kImageEncoded};
  for (int stage = 0; stage < 4; ++stage) {
    wanted.insert(wanted.end(), {Event::kCandidatesSampled, Event::kDuelDecided,
                                 Event::kStageChosen});
  }
  wanted.push_back(Event::kFinished);
  ASSERT_EQ(cases, wanted);
  EXPECT_EQ(events[1].candidates_sampled().stage(), v1::STAGE_SUMMARY);
  EXPECT_EQ(events[4].candidates_sampled().stage(), v1::STAGE_CAPTION);
  const v1::ReasonResponse& finished = events.back().finished();
  EXPECT_EQ(events[12].stage_chosen().stage_text().text(), finished.answer());
  EXPECT_EQ(events[0].image_encoded().image_key(), finished.image_key());
}

TEST_F(OrchestratorServiceTest, TheImageKeyServesInsteadOfThePicture) {
  v1::ReasonResponse first;
  ASSERT_TRUE(Reason(Request(), first).ok());
  v1::ReasonRequest request = Request();
  request.set_image_key(first.image_key());
  v1::ReasonResponse second;
  ASSERT_TRUE(Reason(request, second).ok());
  EXPECT_EQ(second.answer(), first.answer());
  EXPECT_TRUE(second.usage().image_cached());
  EXPECT_EQ(second.image_key(), first.image_key());
  EXPECT_EQ(encoder_.encodings(), 1);
}

TEST_F(OrchestratorServiceTest, ARepeatGetsTheFirstAnswer) {
  v1::ReasonRequest request = Request();
  request.set_request_id("r-1");
  v1::ReasonResponse first;
  ASSERT_TRUE(Reason(request, first).ok());
  EXPECT_EQ(first.request_id(), "r-1");
  const size_t calls = generator_.requests().size();
  v1::ReasonResponse second;
  ASSERT_TRUE(Reason(request, second).ok());
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(Stream(request), SizeIs(1));
  EXPECT_EQ(generator_.requests().size(), calls);
}

TEST_F(OrchestratorServiceTest, ErrorsNameTheField) {
  v1::ReasonRequest request = Request();
  request.mutable_search()->mutable_sampling()->set_temperature(
      std::numeric_limits<double>::quiet_NaN());
  v1::ReasonResponse response;
  const absl::Status status = Reason(request, response);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(serving::FieldViolations(status),
              ElementsAre(testing::Field(&serving::FieldViolation::field,
                                         "search.sampling.temperature")));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_orchestrator_requests_total{outcome="
                        "\"invalid_argument\",strategy=\"none\"} 1"));
}

TEST_F(OrchestratorServiceTest, ACallerWhoseTimeIsUpCountsAsAMissedDeadline) {
  generator_.script =
      [](const inference::RequestContext& context,
         const auto&) -> absl::StatusOr<inference::GenerateResult> {
    return WaitUntilCancelled(context);
  };
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(1)));
  v1::ReasonResponse response;
  EXPECT_EQ(stub_->Reason(&context, Request(), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(calls_.WaitUntilIdle(absl::Now() + absl::Minutes(1)));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_orchestrator_requests_total{outcome="
                        "\"deadline_exceeded\",strategy=\"stage_beam\"} 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("stagebeam_rpc_requests_total{code="
                                         "\"DEADLINE_EXCEEDED\","));
}

TEST_F(OrchestratorServiceTest, ACallerThatLeavesCancelsTheWorkers) {
  absl::Notification generating;
  absl::Notification cancelled;
  generator_.script =
      [&](const inference::RequestContext& context,
          const auto&) -> absl::StatusOr<inference::GenerateResult> {
    generating.Notify();
    const absl::Status status = WaitUntilCancelled(context);
    cancelled.Notify();
    return status;
  };
  grpc::ClientContext context;
  std::jthread leaver([&] {
    generating.WaitForNotification();
    context.TryCancel();
  });
  v1::StreamReasonRequest request;
  *request.mutable_request() = Request();
  const auto reader = stub_->StreamReason(&context, request);
  v1::StreamReasonResponse event;
  while (reader->Read(&event)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  cancelled.WaitForNotification();
}

TEST_F(OrchestratorServiceTest, OneCallTooManyIsAskedToTryLater) {
  absl::Notification finish;
  absl::Mutex mutex;
  int generating = 0;
  generator_.script = [&](const auto&, const auto& request) {
    {
      absl::MutexLock lock(&mutex);
      ++generating;
    }
    finish.WaitForNotification();
    return ScriptedGenerator::WellFormed(request);
  };
  std::vector<std::jthread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      v1::ReasonResponse response;
      EXPECT_TRUE(Reason(Request(), response).ok());
    });
  }
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](int* running) { return *running == 2; }, &generating));
  }
  v1::ReasonResponse response;
  const absl::Status status = Reason(Request(), response);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_TRUE(serving::RetryDelay(status).has_value());
  finish.Notify();
}

}  // namespace
}  // namespace stagebeam::orchestrator
