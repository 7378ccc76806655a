// Processes that die, and processes that are asked to stop, in mid-call.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "stagebeam/generator/v1/generator.grpc.pb.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using generator::v1::GenerateCandidatesRequest;
using generator::v1::GenerateCandidatesResponse;
using generator::v1::GeneratorService;
using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using orchestrator::v1::ReasonRequest;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::StreamReasonRequest;
using orchestrator::v1::StreamReasonResponse;

constexpr char kInFlight[] = "stagebeam_rpc_in_flight_calls";
constexpr absl::Duration kPatience = absl::Minutes(1);

// A search that takes long enough to be hit in the middle.
ReasonRequest LongQuestion() {
  ReasonRequest request = AskWithDuels();
  request.mutable_search()->set_min_candidate_tokens(80);
  request.mutable_search()->set_max_candidate_tokens(100);
  return request;
}

// Answers must not depend on which replica computed them, so numbers are fp32:
// rounding of bfloat16 may depend on what a replica had computed before.
ClusterShape TwoGenerators() {
  ClusterShape shape{.generators = 2};
  for (const char* kind : {"encoder", "generator", "judge"}) {
    shape.flags[kind] = {"--dtype=float32"};
  }
  return shape;
}

class FaultsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster(TwoGenerators());
    ASSERT_NO_FATAL_FAILURE(cluster_->Start());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  // Puts back what the last test took away.
  void SetUp() override {
    for (ServiceProcess* service : cluster_->services()) {
      if (service->process().IsRunning()) continue;
      ASSERT_NO_FATAL_FAILURE(service->Launch());
      ASSERT_TRUE(service->AwaitServing(absl::Now() + kPatience).ok());
    }
    client_ = cluster_->NewClient();
  }

  std::string UndisturbedEssence(const ReasonRequest& request) {
    const Reply reply = Reason(*client_, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
    return Essence(reply.response);
  }

  // Asks and calls `on_event` for each event; the finished response.
  ReasonResponse Stream(
      const ReasonRequest& request,
      const std::function<void(const StreamReasonResponse&)>& on_event) {
    grpc::ClientContext context;
    SetPatience(context);
    StreamReasonRequest stream_request;
    *stream_request.mutable_request() = request;
    const auto stream = client_->StreamReason(&context, stream_request);
    StreamReasonResponse event;
    while (stream->Read(&event)) on_event(event);
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return event.finished();
  }

  // The first generator that has a call in flight. Asks their pages in turn;
  // other processes give no signal that one could wait for.
  ServiceProcess* BusyGenerator() {
    const absl::Time deadline = absl::Now() + kPatience;
    while (absl::Now() < deadline) {
      for (int i = 0; i < 2; ++i) {
        if (cluster_->generator(i).Metric(kInFlight) > 0) {
          return &cluster_->generator(i);
        }
      }
      // A pause that ends early if the process does.
      cluster_->generator(0)
          .process()
          .Wait(absl::Now() + absl::Milliseconds(5))
          .status()
          .IgnoreError();
    }
    ADD_FAILURE() << "no generator was called";
    return nullptr;
  }

  static Cluster* cluster_;
  std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> client_;
};

Cluster* FaultsTest::cluster_ = nullptr;

TEST_F(FaultsTest, RedisThatDiesAndComesBackInMidRunCostsNothing) {
  const ReasonRequest request = LongQuestion();
  const std::string expected = UndisturbedEssence(request);
  const ReasonResponse disturbed =
      Stream(request, [&](const StreamReasonResponse& event) {
        if (event.has_image_encoded()) cluster_->redis().Kill();
        if (event.has_stage_chosen() &&
            event.stage_chosen().stage_text().stage() ==
                orchestrator::v1::STAGE_REASONING) {
          cluster_->redis().Start();
        }
      });
  EXPECT_EQ(Essence(disturbed), expected);
}

TEST_F(FaultsTest, WithoutRedisNewPicturesAreAnsweredToo) {
  cluster_->redis().Kill();
  ReasonRequest request = AskForColor();
  request.set_image(Picture("easy-vqa-shape.png"));
  request.set_question("What shape is present?");
  const Reply reply = Reason(*client_, request);
  cluster_->redis().Start();
  ASSERT_TRUE(reply.status.ok()) << reply.status.error_message();
  EXPECT_EQ(reply.response.answer(), "circle");
}

TEST_F(FaultsTest, AFrozenRedisIsWaitedForNoLongerThanItsBudget) {
  cluster_->redis().Freeze();
  ReasonRequest request = AskForColor();
  request.set_image(Picture("scenes-count.png"));
  const Reply reply = Reason(*client_, request);
  cluster_->redis().Thaw();
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
}

TEST_F(FaultsTest, AGeneratorKilledInMidCallIsReplacedWithTheSameAnswer) {
  const ReasonRequest request = LongQuestion();
  const std::string expected = UndisturbedEssence(request);
  ReasonResponse disturbed;
  std::atomic<int> stages = 0;
  std::thread caller([&] {
    disturbed = Stream(request, [&](const StreamReasonResponse& event) {
      if (event.has_stage_chosen()) ++stages;
    });
  });
  ServiceProcess* const busy = BusyGenerator();
  if (busy != nullptr) busy->process().Signal(SIGKILL);
  EXPECT_LT(stages, 4) << "killed too late";
  caller.join();
  EXPECT_EQ(stages, 4);
  EXPECT_EQ(Essence(disturbed), expected);
}

// Follows the health of a service until it is not SERVING.
HealthCheckResponse::ServingStatus HealthAfterServing(
    ServiceProcess& service, absl::Notification& watching) {
  const auto stub = Health::NewStub(service.NewChannel());
  grpc::ClientContext context;
  SetPatience(context);
  const auto stream = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  bool is_open = stream->Read(&response);
  watching.Notify();
  while (is_open && response.status() == HealthCheckResponse::SERVING) {
    is_open = stream->Read(&response);
  }
  context.TryCancel();
  return response.status();
}

TEST_F(FaultsTest, AnOrchestratorThatIsAskedToStopFinishesItsCalls) {
  ServiceProcess& service = cluster_->orchestrator();
  absl::Notification watching;
  HealthCheckResponse::ServingStatus health = HealthCheckResponse::UNKNOWN;
  std::thread watcher([&] { health = HealthAfterServing(service, watching); });
  watching.WaitForNotification();
  bool asked = false;
  const ReasonResponse response =
      Stream(LongQuestion(), [&](const StreamReasonResponse& event) {
        if (!asked) service.process().Signal(SIGTERM);
        asked = true;
      });
  EXPECT_EQ(response.stages_size(), 4);
  watcher.join();
  EXPECT_EQ(health, HealthCheckResponse::NOT_SERVING);
  const auto code = service.process().Wait(absl::Now() + kPatience);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, 0) << service.Log();
}

TEST_F(FaultsTest, AGeneratorThatIsAskedToStopFinishesItsCalls) {
  ServiceProcess& service = cluster_->generator(0);
  GenerateCandidatesRequest request;
  request.set_question("What is the sum of the digits?");
  request.set_candidate_count(4);
  request.mutable_stopping()->set_min_new_tokens(400);
  request.mutable_stopping()->set_max_new_tokens(400);
  GenerateCandidatesResponse response;
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    SetPatience(context);
    status = GeneratorService::NewStub(service.NewChannel())
                 ->GenerateCandidates(&context, request, &response);
  });
  EXPECT_EQ(BusyGenerator(), &service);
  service.process().Signal(SIGTERM);
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.candidates_size(), 4);
  EXPECT_EQ(response.candidates(0).token_ids_size(), 400);
  const auto code = service.process().Wait(absl::Now() + kPatience);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, 0) << service.Log();
}

TEST_F(FaultsTest, IdleServicesStopAtOnce) {
  for (ServiceProcess* service : cluster_->services()) {
    service->process().Signal(SIGTERM);
  }
  for (ServiceProcess* service : cluster_->services()) {
    const auto code = service->process().Wait(absl::Now() + kPatience);
    ASSERT_TRUE(code.ok()) << code.status();
    EXPECT_EQ(*code, 0) << service->Log();
  }
}

TEST_F(FaultsTest, WithoutAJudgeTheLikelierCandidateWins) {
  cluster_->judge().process().Signal(SIGKILL);
  const Reply reply = Reason(*client_, AskWithDuels());
  ASSERT_TRUE(reply.status.ok()) << reply.status.error_message();
  EXPECT_FALSE(reply.response.answer().empty());
  ASSERT_FALSE(reply.response.degradations().empty());
  EXPECT_EQ(reply.response.degradations(0).kind(),
            orchestrator::v1::DEGRADATION_KIND_JUDGE_UNAVAILABLE);
}

TEST_F(FaultsTest, WithoutGeneratorsThereIsOneClearError) {
  for (int i = 0; i < 2; ++i) {
    cluster_->generator(i).process().Signal(SIGKILL);
  }
  const Reply reply = Reason(*client_, AskForSum());
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(reply.status.error_message().empty());
  EXPECT_TRUE(cluster_->orchestrator().process().IsRunning());
}

}  // namespace
}  // namespace stagebeam::testing
