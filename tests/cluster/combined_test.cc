// Generator and judge in one process, over one engine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using orchestrator::v1::ReasonRequest;
using orchestrator::v1::ReasonResponse;

// In float32 an answer does not depend on what is computed beside it.
ClusterShape Shape(bool combined) {
  ClusterShape shape;
  if (combined) {
    shape.generators = 0;
    shape.judges = 0;
    shape.generator_judges = 1;
  }
  for (const char* kind : {"encoder", "generator", "judge", "generator-judge"})
    shape.flags[kind] = {"--dtype=float32"};
  return shape;
}

class CombinedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(combined_.Start());
    client_ = combined_.NewClient();
  }
  void TearDown() override { EXPECT_EQ(combined_.Obituaries(), ""); }

  ReasonResponse Answer(orchestrator::v1::OrchestratorService::Stub& client,
                        const ReasonRequest& request) {
    Reply reply = Reason(client, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
    return std::move(reply.response);
  }
  ServiceProcess& worker() { return combined_.generator_judge(); }

  Cluster combined_{Shape(/*combined=*/true)};
  std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> client_;
};

// Look-ups of a picture's features by a worker's engine.
double FeatureLoads(const ServiceProcess& worker) {
  return worker.Metric("stagebeam_feature_store_gets_total", "tier=\"memory\"");
}

TEST_F(CombinedTest, GivesTheAnswersOfSeparateProcesses) {
  Cluster separate(Shape(/*combined=*/false));
  ASSERT_NO_FATAL_FAILURE(separate.Start());
  const auto other_client = separate.NewClient();
  ReasonRequest with_duels = AskWithDuels();
  // At which every candidate closes its tag, hot as it is.
  with_duels.mutable_search()->mutable_sampling()->set_seed(1);
  for (const ReasonRequest& request :
       {AskForColor(), AskForSum(), with_duels}) {
    const ReasonResponse response = Answer(*client_, request);
    EXPECT_EQ(Essence(response), Essence(Answer(*other_client, request)));
    EXPECT_FALSE(response.answer().empty());
    EXPECT_EQ(response.degradations_size(), 0);
  }
  EXPECT_EQ(separate.Obituaries(), "");
}

TEST_F(CombinedTest, TheJudgeUsesTheGeneratorsKeysAndValuesOfThePicture) {
  const ReasonResponse response = Answer(*client_, AskWithDuels());
  EXPECT_GT(response.usage().duel_count(), 0);
  EXPECT_EQ(FeatureLoads(worker()), 1);
  EXPECT_GT(worker().Metric("stagebeam_generator_candidates_total"), 0);
  EXPECT_EQ(worker().Metric("stagebeam_judge_duels_total"),
            response.usage().duel_count());
}

TEST_F(CombinedTest, HealthKnowsBothServices) {
  const auto stub = Health::NewStub(worker().NewChannel());
  for (const char* service : {"", "stagebeam.generator.v1.GeneratorService",
                              "stagebeam.judge.v1.JudgeService"}) {
    grpc::ClientContext context;
    SetPatience(context);
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = stub->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING) << service;
  }
}

}  // namespace
}  // namespace stagebeam::testing
