// A cluster in float32, where a candidate does not depend on what is sampled
// beside it: adaptive beams against stage beams.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using orchestrator::v1::Decider;
using orchestrator::v1::Expansion;
using orchestrator::v1::ReasonRequest;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::StreamReasonRequest;
using orchestrator::v1::StreamReasonResponse;

class AdaptiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(cluster_.Start());
    client_ = cluster_.NewClient();
  }
  void TearDown() override { EXPECT_EQ(cluster_.Obituaries(), ""); }

  ReasonResponse Answer(const ReasonRequest& request) {
    Reply reply = Reason(*client_, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
    return std::move(reply.response);
  }
  // The first stage at a seed, which `request` gets, with which no two of its
  // candidates agree.
  Expansion DrawUntilNoneAgree(ReasonRequest& request) {
    auto& sampling = *request.mutable_search()->mutable_sampling();
    sampling.set_temperature(2);
    for (int seed = 1; seed <= 100; ++seed) {
      sampling.set_seed(seed);
      Expansion stage = Answer(request).trace().expansions(0);
      std::set<std::string> texts;
      // A tag that is there twice does not make another text.
      for (const auto& candidate : stage.candidates()) {
        texts.insert(absl::StrReplaceAll(candidate.text(),
                                         {{"<SUMMARY>", ""}, {" ", ""}}));
      }
      if (static_cast<int>(texts.size()) == stage.candidates_size()) {
        return stage;
      }
    }
    ADD_FAILURE() << "at every seed some candidates agree";
    return Expansion();
  }
  // The candidates of the stages as the events tell them.
  std::vector<std::vector<std::string>> Told(const ReasonRequest& request) {
    grpc::ClientContext context;
    SetPatience(context);
    StreamReasonRequest stream_request;
    *stream_request.mutable_request() = request;
    const auto stream = client_->StreamReason(&context, stream_request);
    std::vector<std::vector<std::string>> stages;
    StreamReasonResponse event;
    while (stream->Read(&event)) {
      if (!event.has_candidates_sampled()) continue;
      const auto& sampled = event.candidates_sampled();
      if (sampled.first_candidate_index() == 0) stages.emplace_back();
      EXPECT_EQ(static_cast<int>(stages.back().size()),
                sampled.first_candidate_index());
      for (const auto& candidate : sampled.candidates())
        stages.back().push_back(candidate.text());
    }
    EXPECT_TRUE(stream->Finish().ok());
    return stages;
  }

  Cluster cluster_{InFloat32()};
  std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> client_;
};

// The same search with as many candidates at most, but no more than it takes.
ReasonRequest Adaptive(ReasonRequest request) {
  const int count = request.search().stage_beam().candidate_count();
  request.mutable_search()->mutable_adaptive_beam()->set_candidate_count(count);
  return request;
}

std::vector<std::string> TextsOf(const Expansion& expansion) {
  std::vector<std::string> texts;
  for (const auto& candidate : expansion.candidates())
    texts.push_back(candidate.text());
  return texts;
}

void ExpectUsageOfTrace(const ReasonResponse& response) {
  int candidates = 0, tokens = 0;
  for (const Expansion& expansion : response.trace().expansions()) {
    candidates += expansion.candidates_size();
    for (const auto& candidate : expansion.candidates())
      tokens += candidate.token_count();
  }
  EXPECT_EQ(response.usage().candidate_count(), candidates);
  // The judge scores by default, and samples nothing.
  EXPECT_EQ(response.usage().generated_token_count(), tokens);
}

TEST_F(AdaptiveTest, AnAdaptiveBeamAnswersWithFewerTokens) {
  for (const ReasonRequest& request :
       {AskForColor(), AskForSum(), AskWithDuels()}) {
    const ReasonResponse all = Answer(request);
    const ReasonResponse some = Answer(Adaptive(request));
    EXPECT_EQ(some.stages_size(), 4);
    EXPECT_EQ(some.trace().expansions_size(), 4);
    EXPECT_FALSE(some.answer().empty());
    EXPECT_LT(some.usage().generated_token_count(),
              all.usage().generated_token_count());
    ExpectUsageOfTrace(some);
  }
  EXPECT_EQ(Answer(Adaptive(AskForColor())).answer(), "red");
}

TEST_F(AdaptiveTest, CandidatesOfSeveralDrawsAreThoseOfOne) {
  ReasonRequest request = AskWithDuels();
  const Expansion all = DrawUntilNoneAgree(request);
  request = Adaptive(request);
  auto& beam = *request.mutable_search()->mutable_adaptive_beam();
  // Nothing but agreement is enough.
  beam.set_sufficient_probability(1);
  beam.set_sufficient_confidence(1);
  // One, two and four candidates; two and four; three and four; four.
  constexpr int kLastDraws[] = {2, 1, 1, 0};
  for (int initial = 1; initial <= 4; ++initial) {
    beam.set_initial_candidate_count(initial);
    const Expansion some = Answer(request).trace().expansions(0);
    EXPECT_EQ(TextsOf(some), TextsOf(all)) << initial;
    EXPECT_EQ(some.candidates().rbegin()->draw(), kLastDraws[initial - 1]);
  }
}

TEST_F(AdaptiveTest, EventsTellEveryCandidateOnce) {
  ReasonRequest request = Adaptive(AskWithDuels());
  request.mutable_search()->mutable_adaptive_beam()->set_sufficient_probability(
      1);
  const auto told = Told(request);
  const ReasonResponse response = Answer(request);
  std::vector<std::vector<std::string>> traced;
  int draws = 0;
  for (const Expansion& expansion : response.trace().expansions()) {
    traced.push_back(TextsOf(expansion));
    draws = std::max(draws, expansion.candidates().rbegin()->draw() + 1);
  }
  EXPECT_EQ(told, traced);
  EXPECT_GT(draws, 1);
}

TEST_F(AdaptiveTest, NobodyAsksTheJudgeWhereOthersDecide) {
  constexpr char kDuels[] = "stagebeam_judge_duels_total";
  ReasonRequest request = AskWithDuels();
  ASSERT_GT(Answer(request).usage().duel_count(), 0);
  const double before = cluster_.judge().Metric(kDuels);
  EXPECT_GT(before, 0);
  for (const Decider decider : {orchestrator::v1::DECIDER_CHANCE,
                                orchestrator::v1::DECIDER_LOG_PROBABILITY}) {
    request.mutable_search()->set_decider(decider);
    EXPECT_GT(Answer(request).usage().duel_count(), 0);
  }
  EXPECT_EQ(cluster_.judge().Metric(kDuels), before);
}

}  // namespace
}  // namespace stagebeam::testing
