// One cluster, many questions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using orchestrator::v1::Expansion;
using orchestrator::v1::ReasonRequest;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::SearchTrace;
using orchestrator::v1::Stage;
using orchestrator::v1::StreamReasonRequest;
using orchestrator::v1::StreamReasonResponse;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr Stage kStages[] = {
    orchestrator::v1::STAGE_SUMMARY, orchestrator::v1::STAGE_CAPTION,
    orchestrator::v1::STAGE_REASONING, orchestrator::v1::STAGE_CONCLUSION};

class AnswersTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({});
    ASSERT_NO_FATAL_FAILURE(cluster_->Start());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  void SetUp() override {
    ASSERT_FALSE(HasFatalFailure());
    client_ = cluster_->NewClient();
  }
  void TearDown() override { EXPECT_EQ(cluster_->Obituaries(), ""); }

  ReasonResponse Answer(const ReasonRequest& request) {
    Reply reply = Reason(*client_, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
    return std::move(reply.response);
  }
  std::vector<StreamReasonResponse> Events(const ReasonRequest& request) {
    grpc::ClientContext context;
    SetPatience(context);
    StreamReasonRequest stream_request;
    *stream_request.mutable_request() = request;
    const auto stream = client_->StreamReason(&context, stream_request);
    std::vector<StreamReasonResponse> events;
    StreamReasonResponse event;
    while (stream->Read(&event)) events.push_back(event);
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return events;
  }

  static Cluster* cluster_;
  std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> client_;
};

Cluster* AnswersTest::cluster_ = nullptr;

TEST_F(AnswersTest, TheFourStagesLeadToTheAnswer) {
  const ReasonResponse response = Answer(AskForColor());
  ASSERT_EQ(response.stages_size(), 4);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(response.stages(i).stage(), kStages[i]);
    EXPECT_FALSE(response.stages(i).text().empty());
  }
  EXPECT_EQ(response.answer(), response.stages(3).text());
  // examples/questions.json says so of this held-out picture.
  EXPECT_EQ(response.answer(), "red");
  EXPECT_FALSE(response.request_id().empty());
  EXPECT_FALSE(response.image_key().empty());
  EXPECT_FALSE(response.model_id().empty());
}

// A winner and a loser, both of the candidates; losers fight no more.
void ExpectKnockOut(const Expansion& expansion) {
  std::set<int> losers;
  for (const auto& duel : expansion.duels()) {
    EXPECT_NE(duel.first(), duel.second());
    EXPECT_TRUE(duel.winner() == duel.first() ||
                duel.winner() == duel.second());
    for (int index : {duel.first(), duel.second()}) {
      ASSERT_GE(index, 0);
      ASSERT_LT(index, expansion.candidates_size());
      EXPECT_TRUE(expansion.candidates(index).eligible());
      EXPECT_FALSE(losers.contains(index));
    }
    EXPECT_GE(duel.confidence(), 0.5);
    EXPECT_LE(duel.confidence(), 1.0);
    losers.insert(duel.winner() == duel.first() ? duel.second() : duel.first());
  }
  for (int survivor : expansion.survivors()) {
    EXPECT_FALSE(losers.contains(survivor));
  }
}

// Candidates of expansion `i` continue survivors of the one before.
void ExpectParents(const SearchTrace& trace, int i) {
  for (const auto& candidate : trace.expansions(i).candidates()) {
    if (i == 0) {
      EXPECT_EQ(candidate.parent(), 0);
    } else {
      EXPECT_THAT(trace.expansions(i - 1).survivors(),
                  Contains(candidate.parent()));
    }
  }
}

TEST_F(AnswersTest, TheTraceHoldsEveryCandidateAndDuel) {
  const ReasonResponse response = Answer(AskWithDuels());
  int duels = 0;
  ASSERT_EQ(response.trace().expansions_size(), 4);
  for (int i = 0; i < 4; ++i) {
    const Expansion& expansion = response.trace().expansions(i);
    EXPECT_EQ(expansion.stage(), kStages[i]);
    ASSERT_EQ(expansion.candidates_size(), 4);
    EXPECT_LE(expansion.duels_size(), 3);
    ASSERT_EQ(expansion.survivors_size(), 1);
    ASSERT_LT(expansion.survivors(0), 4);
    ExpectKnockOut(expansion);
    ExpectParents(response.trace(), i);
    duels += expansion.duels_size();
    const auto& winner = expansion.candidates(expansion.survivors(0));
    EXPECT_THAT(winner.text(), HasSubstr(response.stages(i).text()));
    EXPECT_LT(winner.logprob(), 0);
    for (const auto& candidate : expansion.candidates()) {
      EXPECT_GT(candidate.token_count(), 0);
    }
  }
  EXPECT_GT(duels, 0);
}

TEST_F(AnswersTest, UsageAddsUp) {
  const ReasonResponse response = Answer(AskWithDuels());
  int candidates = 0, duels = 0, tokens = 0;
  for (const Expansion& expansion : response.trace().expansions()) {
    candidates += expansion.candidates_size();
    duels += expansion.duels_size();
    for (const auto& candidate : expansion.candidates()) {
      tokens += candidate.token_count();
    }
  }
  const auto& usage = response.usage();
  EXPECT_EQ(usage.candidate_count(), candidates);
  // Those included that were begun early and not needed.
  EXPECT_GE(usage.duel_count(), duels);
  // The judge scores by default, and samples nothing.
  EXPECT_EQ(usage.generated_token_count(), tokens);
  EXPECT_GT(usage.prompt_token_count(), 0);
  EXPECT_GT(usage.reused_token_count(), 0);
  EXPECT_LE(usage.reused_token_count(), usage.prompt_token_count());
  const auto nanos = [](const google::protobuf::Duration& duration) {
    return duration.seconds() * 1'000'000'000 + duration.nanos();
  };
  EXPECT_LE(nanos(usage.encode_time()) + nanos(usage.generate_time()) +
                nanos(usage.judge_time()),
            nanos(usage.total_time()));
  EXPECT_GT(nanos(usage.generate_time()), 0);
}

TEST_F(AnswersTest, ASeedDecidesEverything) {
  ReasonRequest request = AskWithDuels();
  const std::string first = Essence(Answer(request));
  EXPECT_EQ(Essence(Answer(request)), first);
  std::set<std::string> others = {first};
  for (int seed = 100; seed < 104; ++seed) {
    request.mutable_search()->mutable_sampling()->set_seed(seed);
    others.insert(Essence(Answer(request)));
  }
  EXPECT_GT(others.size(), 1u) << "the seed changes nothing";
}

TEST_F(AnswersTest, EventsTellTheSearchInOrder) {
  const ReasonRequest request = AskWithDuels();
  const auto events = Events(request);
  ASSERT_GE(events.size(), 10u);
  EXPECT_TRUE(events.front().has_image_encoded());
  ASSERT_TRUE(events.back().has_finished());
  const ReasonResponse& finished = events.back().finished();
  std::vector<StreamReasonResponse>::const_iterator event = events.begin() + 1;
  for (int i = 0; i < 4; ++i) {
    const Expansion& expansion = finished.trace().expansions(i);
    ASSERT_TRUE(event->has_candidates_sampled()) << i;
    EXPECT_EQ(event->candidates_sampled().stage(), kStages[i]);
    EXPECT_EQ(event->candidates_sampled().candidates_size(), 4);
    ++event;
    for (const auto& duel : expansion.duels()) {
      ASSERT_TRUE(event->has_duel_decided()) << i;
      EXPECT_EQ(event->duel_decided().duel().winner(), duel.winner());
      ++event;
    }
    ASSERT_TRUE(event->has_stage_chosen()) << i;
    EXPECT_EQ(event->stage_chosen().stage_text().text(),
              finished.stages(i).text());
    EXPECT_EQ(event->stage_chosen().candidate(), expansion.survivors(0));
    ++event;
  }
  EXPECT_EQ(event + 1, events.end());
  EXPECT_EQ(Essence(finished), Essence(Answer(request)));
}

TEST_F(AnswersTest, SeveralSurvivorsGoOnAndOneAnswers) {
  ReasonRequest request = AskWithDuels();
  request.mutable_search()->mutable_stage_beam()->set_survivor_count(2);
  const ReasonResponse response = Answer(request);
  ASSERT_EQ(response.trace().expansions_size(), 4);
  for (int i = 0; i < 4; ++i) {
    const Expansion& expansion = response.trace().expansions(i);
    ExpectKnockOut(expansion);
    EXPECT_LE(expansion.survivors_size(), 2);
    ExpectParents(response.trace(), i);
  }
  EXPECT_EQ(response.trace().expansions(0).survivors_size(), 2);
  EXPECT_FALSE(response.answer().empty());
}

TEST_F(AnswersTest, EveryStrategyAnswers) {
  ReasonRequest single = AskForColor(), best = AskForColor(),
                sentence = AskForColor(), fallback = AskForColor();
  single.mutable_search()->mutable_single_pass();
  best.mutable_search()->mutable_best_of_n()->set_candidate_count(3);
  sentence.mutable_search()->mutable_sentence_beam()->set_candidate_count(2);
  fallback.clear_search();
  for (const ReasonRequest& request : {single, best, sentence, fallback}) {
    EXPECT_FALSE(Answer(request).answer().empty())
        << request.search().DebugString();
  }
  const ReasonResponse one = Answer(single);
  EXPECT_EQ(one.usage().candidate_count(), 1);
  EXPECT_EQ(one.usage().duel_count(), 0);
  EXPECT_EQ(Answer(best).usage().candidate_count(), 3);
}

TEST_F(AnswersTest, ThePictureMayComeByItsKey) {
  ReasonRequest request = AskForColor();
  const ReasonResponse first = Answer(request);
  request.set_image_key(first.image_key());
  const ReasonResponse second = Answer(request);
  EXPECT_EQ(Essence(second), Essence(first));
  EXPECT_TRUE(second.usage().image_cached());
  EXPECT_EQ(second.image_key(), first.image_key());
}

TEST_F(AnswersTest, ARepeatedRequestGetsTheFirstAnswer) {
  ReasonRequest request = AskForColor();
  request.set_request_id("answers-test-1");
  const ReasonResponse first = Answer(request);
  EXPECT_EQ(first.request_id(), "answers-test-1");
  // Times and counts of the first search, too.
  EXPECT_EQ(Answer(request).SerializeAsString(), first.SerializeAsString());
}

TEST_F(AnswersTest, TheTraceComesOnlyWhereAskedFor) {
  ReasonRequest request = AskForColor();
  request.set_include_trace(false);
  EXPECT_FALSE(Answer(request).has_trace());
}

// A valid JPEG of exactly `size` bytes: comments fill it up.
std::string PaddedJpeg(const std::string& jpeg, size_t size) {
  constexpr size_t kLongest = 65535;
  std::string padding;
  for (size_t left = size - jpeg.size(); left > 0;) {
    // A segment takes at least 4 bytes, so none shorter may be left over.
    size_t length = std::min(left - 2, kLongest);
    if (const size_t rest = left - 2 - length; rest > 0 && rest < 4) {
      length -= 4;
    }
    padding += {'\xff', '\xfe', static_cast<char>(length >> 8),
                static_cast<char>(length)};
    padding.append(length - 2, 'x');
    left -= length + 2;
  }
  return jpeg.substr(0, 2) + padding + jpeg.substr(2);
}

TEST_F(AnswersTest, APictureOfTheLargestSizeIsTakenAndOneByteMoreIsNot) {
  constexpr size_t kLargest = 32 << 20;
  const std::string jpeg =
      ReadFile(SourcePath("tests/pixels/samples/ycc420.jpg"));
  ReasonRequest request = AskForColor();
  request.mutable_search()->mutable_single_pass();
  request.set_image(PaddedJpeg(jpeg, kLargest));
  ASSERT_EQ(request.image().size(), kLargest);
  EXPECT_FALSE(Answer(request).answer().empty());
  request.set_image(PaddedJpeg(jpeg, kLargest + 1));
  const grpc::Status status = Reason(*client_, request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedField(status), "image");
}

TEST_F(AnswersTest, AMessageOverTheLimitIsRefusedAndTheServerLives) {
  ReasonRequest request = AskForColor();
  request.set_image(std::string((64 << 20) + 1, 'x'));
  EXPECT_EQ(Reason(*client_, request).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Answer(AskForColor()).answer(), "red");
}

}  // namespace
}  // namespace stagebeam::testing
