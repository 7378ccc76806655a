// What operators see of a cluster: metrics, reflection, and pictures that are
// encoded once.

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/barrier.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using encoder::v1::EncoderService;
using ::testing::HasSubstr;

class OperationsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({});
    ASSERT_NO_FATAL_FAILURE(cluster_->Start());
    const auto client = cluster_->NewClient();
    ASSERT_TRUE(Reason(*client, AskWithDuels()).status.ok());
    ASSERT_TRUE(Reason(*client, AskForColor()).status.ok());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  static Cluster* cluster_;
};

Cluster* OperationsTest::cluster_ = nullptr;

void ExpectFamilies(const ServiceProcess& service,
                    const std::vector<std::string>& families) {
  const std::string page = service.MetricsPage();
  for (const std::string& family : families) {
    EXPECT_TRUE(absl::StrContains(page, absl::StrCat("\n# TYPE ", family, " ")))
        << family;
  }
}

TEST_F(OperationsTest, PromtoolFindsNothingWrong) {
  ASSERT_EQ(std::system("command -v promtool > /dev/null"), 0)
      << "install the package prometheus";
  ScratchDirectory scratch;
  for (ServiceProcess* service : cluster_->services()) {
    const std::string page = service->MetricsPage();
    ASSERT_FALSE(page.empty());
    std::ofstream(scratch.File("page")) << page;
    const std::string command =
        absl::StrCat("promtool check metrics < ", scratch.File("page"), " > ",
                     scratch.File("out"), " 2>&1");
    EXPECT_EQ(std::system(command.c_str()), 0) << ReadFile(scratch.File("out"));
    EXPECT_EQ(ReadFile(scratch.File("out")), "");
  }
}

TEST_F(OperationsTest, EveryServiceCountsItsCalls) {
  for (ServiceProcess* service : cluster_->services()) {
    ExpectFamilies(*service,
                   {"stagebeam_rpc_requests_total", "stagebeam_rpc_seconds",
                    "stagebeam_rpc_in_flight_calls"});
    EXPECT_GT(service->Metric("stagebeam_rpc_requests_total", "code=\"OK\""),
              0);
    EXPECT_GT(service->Metric("stagebeam_rpc_seconds_count", "method="), 0);
  }
}

TEST_F(OperationsTest, TheEncoderCountsEncodingsAndCacheHits) {
  ServiceProcess& encoder = cluster_->encoder();
  ExpectFamilies(encoder, {"stagebeam_encoder_waiting_encodings",
                           "stagebeam_encoder_running_encodings",
                           "stagebeam_encoder_encode_seconds"});
  EXPECT_EQ(encoder.Metric("stagebeam_encoder_encodings_total"), 2);
  for (const char* tier : {"tier=\"memory\"", "tier=\"redis\""}) {
    EXPECT_GT(encoder.Metric("stagebeam_feature_store_gets_total", tier), 0);
    EXPECT_EQ(encoder.Metric("stagebeam_feature_store_puts_total", tier), 2);
  }
}

TEST_F(OperationsTest, WorkersCountTokensAndMemory) {
  for (ServiceProcess* worker : {&cluster_->generator(), &cluster_->judge()}) {
    ExpectFamilies(*worker, {"stagebeam_engine_waiting_calls",
                             "stagebeam_engine_running_branches",
                             "stagebeam_engine_decode_tokens_total",
                             "stagebeam_engine_decode_step_seconds"});
    for (const char* family : {"stagebeam_engine_kv_used_bytes",
                               "stagebeam_engine_kv_capacity_bytes",
                               "stagebeam_engine_prefix_tokens_reused_total",
                               "stagebeam_engine_prefix_tokens_computed_total",
                               "stagebeam_feature_store_gets_total"}) {
      EXPECT_GT(worker->Metric(family), 0) << family;
    }
  }
  ServiceProcess& generator = cluster_->generator();
  EXPECT_GT(generator.Metric("stagebeam_engine_decode_tokens_total"), 0);
  EXPECT_GT(generator.Metric("stagebeam_engine_decode_step_seconds_count"), 0);
  EXPECT_GT(cluster_->judge().Metric("stagebeam_judge_duels_total"), 0);
}

TEST_F(OperationsTest, TheOrchestratorCountsDuelsDegradationsAndStages) {
  ServiceProcess& service = cluster_->orchestrator();
  ExpectFamilies(service, {"stagebeam_orchestrator_degradations_total"});
  EXPECT_GT(service.Metric("stagebeam_orchestrator_duels_total"), 0);
  for (const char* stage : {"summary", "caption", "reasoning", "conclusion"}) {
    EXPECT_EQ(service.Metric("stagebeam_orchestrator_stage_seconds_count",
                             absl::StrCat("stage=\"", stage, "\"")),
              2)
        << stage;
  }
}

// The answer to ServerReflectionRequest{list_services: "*"}, as raw bytes: the
// names are readable in it.
std::string ListServices(const ServiceProcess& service) {
  grpc::GenericStub stub(service.NewChannel());
  grpc::ClientContext context;
  SetPatience(context);
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context,
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  EXPECT_TRUE(done());
  const grpc::Slice request(std::string("\x3A\x01*"));
  call->Write(grpc::ByteBuffer(&request, 1), nullptr);
  EXPECT_TRUE(done());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  EXPECT_TRUE(done());
  call->WritesDone(nullptr);
  EXPECT_TRUE(done());
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(done());
  grpc::Slice bytes;
  EXPECT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

TEST_F(OperationsTest, ReflectionListsTheServices) {
  const std::pair<ServiceProcess*, const char*> expected[] = {
      {&cluster_->encoder(), "stagebeam.encoder.v1.EncoderService"},
      {&cluster_->generator(), "stagebeam.generator.v1.GeneratorService"},
      {&cluster_->judge(), "stagebeam.judge.v1.JudgeService"},
      {&cluster_->orchestrator(),
       "stagebeam.orchestrator.v1.OrchestratorService"}};
  for (const auto& [service, name] : expected) {
    const std::string listed = ListServices(*service);
    EXPECT_THAT(listed, HasSubstr(name));
    EXPECT_THAT(listed, HasSubstr("grpc.health.v1.Health"));
  }
}

TEST_F(OperationsTest, FetchFeaturesStreamsWhatIsStored) {
  const auto stub = EncoderService::NewStub(cluster_->encoder().NewChannel());
  EncodeImageRequest encode;
  encode.set_image(Picture("digits-sum.png"));
  EncodeImageResponse encoded;
  grpc::ClientContext encode_context, fetch_context, wrong_context;
  ASSERT_TRUE(stub->EncodeImage(&encode_context, encode, &encoded).ok());
  EXPECT_TRUE(encoded.cached());
  encoder::v1::FetchFeaturesRequest fetch;
  fetch.set_key(encoded.features().key());
  const auto stream = stub->FetchFeatures(&fetch_context, fetch);
  encoder::v1::FetchFeaturesResponse piece;
  std::string blob;
  while (stream->Read(&piece)) blob += piece.chunk();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(blob.substr(0, 6), "SBFEAT");
  fetch.set_key(std::string(64, '0'));
  const auto none = stub->FetchFeatures(&wrong_context, fetch);
  EXPECT_FALSE(none->Read(&piece));
  EXPECT_EQ(none->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

// Sends the same picture in `calls` calls at once, to the encoders in turn; how
// many of them say that they encoded it.
int EncodeAtOnce(Cluster& cluster, int encoders, int calls,
                 const std::string& picture) {
  std::atomic<int> encoded = 0;
  absl::Barrier* const start = new absl::Barrier(calls);
  std::vector<std::thread> callers;
  for (int i = 0; i < calls; ++i) {
    callers.emplace_back([&, i] {
      const auto stub =
          EncoderService::NewStub(cluster.encoder(i % encoders).NewChannel());
      EncodeImageRequest request;
      request.set_image(picture);
      EncodeImageResponse response;
      grpc::ClientContext context;
      SetPatience(context);
      if (start->Block()) delete start;
      const grpc::Status status =
          stub->EncodeImage(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_FALSE(response.features().key().empty());
      if (!response.cached()) ++encoded;
    });
  }
  for (std::thread& caller : callers) caller.join();
  return encoded;
}

TEST(OneEncoding, Of64CallsAtOnceOneEncodes) {
  Cluster cluster({.generators = 0, .judges = 0, .orchestrators = 0});
  ASSERT_NO_FATAL_FAILURE(cluster.Start());
  EXPECT_EQ(EncodeAtOnce(cluster, 1, 64, Picture("digits-choice.png")), 1);
  EXPECT_EQ(cluster.encoder().Metric("stagebeam_encoder_encodings_total"), 1);
}

TEST(OneEncoding, ReplicasEncodeAPictureOnceBetweenThem) {
  Cluster cluster(
      {.encoders = 2, .generators = 0, .judges = 0, .orchestrators = 0});
  ASSERT_NO_FATAL_FAILURE(cluster.Start());
  EXPECT_EQ(EncodeAtOnce(cluster, 2, 64, Picture("digits-choice.png")), 1);
  EXPECT_EQ(cluster.encoder(0).Metric("stagebeam_encoder_encodings_total") +
                cluster.encoder(1).Metric("stagebeam_encoder_encodings_total"),
            1);
}

}  // namespace
}  // namespace stagebeam::testing
