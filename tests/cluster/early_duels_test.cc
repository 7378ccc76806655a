// One cluster behind two orchestrators: one begins duels early, one does not.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using orchestrator::v1::OrchestratorService;
using orchestrator::v1::ReasonRequest;

constexpr char kFamily[] = "stagebeam_orchestrator_early_duels_total";

class EarlyDuelsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(cluster_.Start());
    patient_ = std::make_unique<ServiceProcess>(
        "orchestrator",
        std::vector<std::string>{
            absl::StrCat("--encoders=", cluster_.encoder().address()),
            absl::StrCat("--generators=", cluster_.generator().address()),
            absl::StrCat("--judges=", cluster_.judge().address()),
            "--early_duels=false"},
        directory_);
    ASSERT_NO_FATAL_FAILURE(patient_->Launch());
    const absl::Status serving =
        patient_->AwaitServing(absl::Now() + absl::Minutes(2));
    ASSERT_TRUE(serving.ok()) << serving;
    early_client_ = cluster_.NewClient();
    patient_client_ = OrchestratorService::NewStub(patient_->NewChannel());
  }
  void TearDown() override { EXPECT_EQ(cluster_.Obituaries(), ""); }

  void ExpectSameAnswers(const ReasonRequest& request) {
    const Reply early = Reason(*early_client_, request);
    const Reply patient = Reason(*patient_client_, request);
    ASSERT_TRUE(early.status.ok())
        << early.status.error_message() << WhoIsWhere();
    ASSERT_TRUE(patient.status.ok())
        << patient.status.error_message() << WhoIsWhere();
    EXPECT_EQ(Essence(early.response), Essence(patient.response))
        << request.search().DebugString();
    EXPECT_GE(early.response.usage().duel_count(),
              patient.response.usage().duel_count());
  }

  // For an error that names an address.
  std::string WhoIsWhere() {
    return absl::StrCat("; encoder at ", cluster_.encoder().address(),
                        ", generator at ", cluster_.generator().address(),
                        ", judge at ", cluster_.judge().address());
  }

  Cluster cluster_{InFloat32()};
  ScratchDirectory directory_;
  std::unique_ptr<ServiceProcess> patient_;
  std::unique_ptr<OrchestratorService::Stub> early_client_;
  std::unique_ptr<OrchestratorService::Stub> patient_client_;
};

TEST_F(EarlyDuelsTest, AnswersAreTheSameWithThemAndWithoutThem) {
  for (int seed = 1; seed <= 4; ++seed) {
    ReasonRequest request = AskWithDuels();
    auto& search = *request.mutable_search();
    search.mutable_sampling()->set_seed(seed);
    // So hot that candidates differ and do not end together.
    search.mutable_sampling()->set_temperature(2);
    search.mutable_stage_beam()->set_candidate_count(8);
    ExpectSameAnswers(request);
    // A written verdict is sampled.
    search.set_judge_method(judge::v1::METHOD_WRITE);
    ExpectSameAnswers(request);
    search.mutable_stage_beam()->set_survivor_count(2);
    ExpectSameAnswers(request);
    search.mutable_best_of_n()->set_candidate_count(5);
    ExpectSameAnswers(request);
  }
  EXPECT_GT(cluster_.orchestrator().Metric(kFamily, "outcome=\"used\""), 0);
  EXPECT_EQ(cluster_.orchestrator().Metric(kFamily, "outcome=\"failed\""), 0);
  EXPECT_EQ(patient_->Metric(kFamily), 0);
}

}  // namespace
}  // namespace stagebeam::testing
