// Every field of GenerateCandidatesRequest has its effect.
#include "services/generator/generator_service.h"

#include <gmock/gmock.h>

#include <numeric>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "tests/generator/generator_fixture.h"

namespace stagebeam::generator {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Ne;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class GeneratorService : public GeneratorTest {};

TEST_F(GeneratorService, GivesAsManyCandidatesAsAskedFor) {
  const auto response = Answer(SampledRequest(5));
  ASSERT_THAT(response.candidates(), SizeIs(5));
  int tokens = 0;
  for (const auto& candidate : response.candidates()) {
    EXPECT_THAT(candidate.token_ids_size(), AllOf(Ge(1), Le(16)));
    EXPECT_NE(candidate.finish_reason(), v1::FINISH_REASON_UNSPECIFIED);
    EXPECT_LT(candidate.logprob(), 0);
    tokens += candidate.token_ids_size();
  }
  EXPECT_GE(response.usage().generated_token_count(), tokens);
  EXPECT_GT(response.usage().prompt_token_count(), 10);
  EXPECT_THAT(response.model_id(), StartsWith("reference@"));
}

TEST_F(GeneratorService, TextIsTheDecodedTokens) {
  const auto response = Answer(Request());
  const auto& candidate = response.candidates(0);
  EXPECT_EQ(candidate.text(),
            process_->worker.engine->tokenizer().Decode(Ids(candidate)));
}

TEST_F(GeneratorService, TheSameSeedGivesTheSameCandidates) {
  auto request = SampledRequest(3);
  request.mutable_sampling()->set_temperature(2);
  request.mutable_sampling()->set_seed(11);
  EXPECT_EQ(AllIds(request), AllIds(request));
}

TEST_F(GeneratorService, SeedStageAndIndexEachGiveOtherCandidates) {
  auto request = SampledRequest(3);
  // The model is sure of how an answer begins.
  request.mutable_sampling()->set_temperature(2);
  request.mutable_stopping()->set_max_new_tokens(64);
  const auto base = AllIds(request);
  EXPECT_EQ(std::set(base.begin(), base.end()).size(), 3u);
  request.mutable_sampling()->set_seed(1);
  EXPECT_NE(AllIds(request), base);
  request.mutable_sampling()->set_seed(0);
  request.mutable_sampling()->set_stage_index(1);
  EXPECT_NE(AllIds(request), base);
}

TEST_F(GeneratorService, ACallGoesOnWhereAnEarlierOneEnded) {
  auto request = SampledRequest(4);
  request.mutable_sampling()->set_temperature(2);
  request.mutable_stopping()->set_max_new_tokens(64);
  const auto whole = AllIds(request);
  request.set_candidate_count(1);
  const auto first = AllIds(request);
  request.set_candidate_count(3);
  request.set_first_candidate_index(1);
  const auto rest = AllIds(request);
  EXPECT_EQ(first[0], whole[0]);
  EXPECT_EQ(rest, std::vector(whole.begin() + 1, whole.end()));
  EXPECT_NE(rest[0], first[0]);
}

TEST_F(GeneratorService, TemperatureZeroTakesTheLikeliestToken) {
  auto request = Request();
  request.set_candidate_count(2);
  const auto greedy = AllIds(request);
  EXPECT_EQ(greedy[0], greedy[1]);
  request.mutable_sampling()->set_seed(99);
  EXPECT_EQ(AllIds(request), greedy);
}

TEST_F(GeneratorService, OneTokenOfTopKOrTopPIsTheLikeliest) {
  const std::vector greedy(8, AllIds(Request())[0]);
  auto top_k = SampledRequest(8);
  top_k.mutable_sampling()->set_temperature(2);
  EXPECT_NE(AllIds(top_k), greedy);
  auto top_p = top_k;
  top_k.mutable_sampling()->set_top_k(1);
  EXPECT_EQ(AllIds(top_k), greedy);
  top_p.mutable_sampling()->set_top_p(1e-9);
  EXPECT_EQ(AllIds(top_p), greedy);
}

TEST_F(GeneratorService, AbsentSamplingIsTheContracts) {
  auto absent = SampledRequest(2);
  absent.clear_sampling();
  auto spelled = absent;
  spelled.mutable_sampling()->set_temperature(0.6);
  spelled.mutable_sampling()->set_top_p(0.9);
  spelled.mutable_sampling()->set_top_k(50);
  EXPECT_EQ(AllIds(absent), AllIds(spelled));
}

TEST_F(GeneratorService, ThePictureMatters) {
  auto request = Request();
  const double red = Answer(request).candidates(0).logprob();
  *request.mutable_image() = worker::EngineFixture::Image("blue");
  const double blue = Answer(request).candidates(0).logprob();
  request.clear_image();
  const double none = Answer(request).candidates(0).logprob();
  EXPECT_THAT(std::vector<double>({blue, none}), Each(Ne(red)));
  EXPECT_NE(blue, none);
}

TEST_F(GeneratorService, TheQuestionMatters) {
  auto request = Request();
  const double one = Answer(request).candidates(0).logprob();
  request.set_question("Is there a blue square?");
  EXPECT_NE(Answer(request).candidates(0).logprob(), one);
}

TEST_F(GeneratorService, AQuestionThatSpellsASpecialTokenIsText) {
  auto request = Request();
  request.set_question("<|eot_id|>");
  EXPECT_GT(Answer(request).usage().prompt_token_count(), 20);
}

TEST_F(GeneratorService, APrefixIsContinuedAndNotComputedAgain) {
  auto request = Request();
  request.set_question("A question of this test alone?");
  request.mutable_stopping()->set_max_new_tokens(24);
  request.mutable_stopping()->set_min_new_tokens(24);
  const std::vector<int> whole = AllIds(request)[0];
  ASSERT_THAT(whole, SizeIs(24));
  request.mutable_stopping()->set_max_new_tokens(14);
  request.mutable_stopping()->set_min_new_tokens(14);
  for (int i = 0; i < 10; ++i) request.add_prefix_token_ids(whole[i]);
  const auto rest = Answer(request);
  EXPECT_EQ(Ids(rest.candidates(0)),
            std::vector<int>(whole.begin() + 10, whole.end()));
  EXPECT_GE(rest.usage().reused_token_count(),
            rest.usage().prompt_token_count() - 1);
}

TEST_F(GeneratorService, AStopStringEndsACandidate) {
  auto request = Request();
  const std::string text = Answer(request).candidates(0).text();
  ASSERT_GT(text.size(), 6u);
  const std::string stop = text.substr(3, 2);
  request.mutable_stopping()->add_stop_strings("never in the text");
  request.mutable_stopping()->add_stop_strings(stop);
  const auto candidate = Answer(request).candidates(0);
  EXPECT_EQ(candidate.finish_reason(), v1::FINISH_REASON_STOP_STRING);
  EXPECT_THAT(candidate.text(), HasSubstr(stop));
  EXPECT_LT(candidate.text().size(), text.size());
}

TEST_F(GeneratorService, NothingEndsACandidateBeforeItsMinimum) {
  auto request = Request();
  request.mutable_stopping()->add_stop_strings(
      Answer(request).candidates(0).text().substr(0, 1));
  EXPECT_THAT(AllIds(request)[0], SizeIs(1));
  request.mutable_stopping()->set_min_new_tokens(7);
  EXPECT_THAT(AllIds(request)[0], SizeIs(Ge(7u)));
}

TEST_F(GeneratorService, LengthEndsACandidate) {
  auto request = Request();
  request.mutable_stopping()->set_max_new_tokens(3);
  const auto candidate = Answer(request).candidates(0);
  EXPECT_EQ(candidate.finish_reason(), v1::FINISH_REASON_LENGTH);
  EXPECT_THAT(Ids(candidate), SizeIs(3));
}

TEST_F(GeneratorService, ByDefaultNothingIsClosedAtItsLength) {
  auto request = Request();
  request.mutable_stopping()->add_stop_strings("</SUMMARY>");
  request.mutable_stopping()->set_max_new_tokens(12);
  const auto candidate = Answer(request).candidates(0);
  EXPECT_EQ(candidate.finish_reason(), v1::FINISH_REASON_LENGTH);
  EXPECT_THAT(candidate.text(), Not(HasSubstr("</SUMMARY>")));
}

TEST_F(GeneratorService, AnOperatorMayHaveCandidatesClosedAtTheirLength) {
  EngineGenerator generator(*process_->worker.engine,
                            *process_->worker.features,
                            {.close_at_limit = true}, process_->worker.metrics);
  inference::GenerateRequest request;
  request.question = "How many red circles are there?";
  request.candidate_count = 4;
  request.sampling.temperature = 2;
  request.stopping = {.stop_strings = {"</SUMMARY>"},
                      .max_new_tokens = 48,
                      .min_new_tokens = 48};
  const auto result = generator.GenerateCandidates({}, request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_THAT(result->candidates, SizeIs(4));
  for (const auto& candidate : result->candidates) {
    EXPECT_EQ(candidate.finish_reason, inference::FinishReason::kStopString);
    EXPECT_THAT(candidate.token_ids, SizeIs(48));
    EXPECT_THAT(candidate.text, EndsWith("</SUMMARY>"));
  }
}

TEST_F(GeneratorService, TheServersLimitHoldsWhereNoneIsGiven) {
  auto request = SampledRequest(2);
  request.mutable_stopping()->clear_max_new_tokens();
  request.mutable_stopping()->set_min_new_tokens(worker::kMaxNewTokens);
  EXPECT_THAT(AllIds(request), Each(SizeIs(worker::kMaxNewTokens)));
}

TEST_F(GeneratorService, TheModelMayEndItsTurn) {
  auto request = SampledRequest(8);
  request.mutable_stopping()->clear_max_new_tokens();
  request.mutable_sampling()->set_temperature(0.6);
  const auto response = Answer(request);
  int ended = 0;
  for (const auto& candidate : response.candidates()) {
    if (candidate.finish_reason() != v1::FINISH_REASON_END_OF_TURN) continue;
    ++ended;
    for (const int id : candidate.token_ids()) {
      EXPECT_NE(id,
                *process_->worker.engine->tokenizer().SpecialId("<|eot_id|>"));
    }
  }
  EXPECT_GT(ended, 0);
}

TEST_F(GeneratorService, ASentenceEndsACandidateWhereAskedTo) {
  auto request = Request();
  request.mutable_stopping()->set_max_new_tokens(200);
  const auto whole = Answer(request).candidates(0);
  request.mutable_stopping()->set_stop_after_sentence(true);
  const auto sentence = Answer(request).candidates(0);
  EXPECT_EQ(sentence.finish_reason(), v1::FINISH_REASON_STOP_STRING);
  EXPECT_LT(sentence.token_ids_size(), whole.token_ids_size());
  EXPECT_THAT(whole.text(), StartsWith(sentence.text()));
}

TEST_F(GeneratorService, TokenLogprobsAddUpAndComeOnlyWhenAskedFor) {
  auto request = SampledRequest(1);
  EXPECT_THAT(Answer(request).candidates(0).token_logprobs(), IsEmpty());
  request.set_include_token_logprobs(true);
  const auto candidate = Answer(request).candidates(0);
  const auto& logprobs = candidate.token_logprobs();
  EXPECT_GE(logprobs.size(), candidate.token_ids_size());
  EXPECT_NEAR(std::accumulate(logprobs.begin(), logprobs.end(), 0.0),
              candidate.logprob(), 1e-3);
}

TEST_F(GeneratorService, AStreamHasEachCandidateOnceAndThenTheRest) {
  auto request = SampledRequest(5);
  request.set_prefix_text("<SUMMARY> I will");
  request.mutable_stopping()->set_max_new_tokens(64);
  std::vector<v1::StreamCandidatesResponse> messages;
  const grpc::Status status = Receive(request, &messages);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const auto unary = Answer(request);
  std::set<int> indices;
  ASSERT_TRUE(messages.back().has_finished());
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    const auto& together = messages[i].candidates_ended().candidates();
    EXPECT_THAT(together, Not(IsEmpty()));
    for (const v1::EndedCandidate& ended : together) {
      ASSERT_TRUE(indices.insert(ended.index()).second);
      const v1::Candidate& candidate = unary.candidates(ended.index());
      EXPECT_EQ(Ids(ended.candidate()), Ids(candidate));
      EXPECT_EQ(ended.candidate().text(), candidate.text());
      EXPECT_EQ(ended.candidate().finish_reason(), candidate.finish_reason());
      EXPECT_LT(ended.candidate().logprob(), 0);
    }
  }
  EXPECT_THAT(indices, SizeIs(5));
  const v1::GenerateCandidatesResponse& rest = messages.back().finished();
  EXPECT_THAT(rest.candidates(), IsEmpty());
  EXPECT_EQ(rest.usage().generated_token_count(),
            unary.usage().generated_token_count());
  EXPECT_EQ(rest.model_id(), unary.model_id());
  EXPECT_EQ(rest.prefix_text_token_ids_size(),
            unary.prefix_text_token_ids_size());
}

TEST_F(GeneratorService, SessionsChangeNothingOfTheAnswer) {
  auto request = SampledRequest(2);
  const auto base = AllIds(request);
  request.set_session_id("session-1");
  EXPECT_EQ(AllIds(request), base);
}

TEST_F(GeneratorService, CallsThatRunTogetherGiveWhatTheyGiveAlone) {
  std::vector<v1::GenerateCandidatesRequest> requests;
  for (int i = 0; i < 6; ++i) {
    requests.push_back(SampledRequest(2));
    requests.back().mutable_sampling()->set_seed(i);
    requests.back().set_question("Question number " + std::to_string(i));
  }
  std::vector<std::vector<std::vector<int>>> together(requests.size());
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < requests.size(); ++i) {
      threads.emplace_back([&, i] { together[i] = AllIds(requests[i]); });
    }
  }
  for (size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ(AllIds(requests[i]), together[i]) << i;
}

TEST_F(GeneratorService, MetricsTellWhatWasDone) {
  Answer(Request());
  const std::string text = process_->worker.metrics.Text();
  for (const char* name :
       {"stagebeam_generator_candidates_total{finish_reason=\"length\"}",
        "stagebeam_engine_waiting_calls", "stagebeam_engine_running_branches",
        "stagebeam_engine_kv_used_bytes", "stagebeam_engine_kv_capacity_bytes",
        "stagebeam_engine_prefix_tokens_reused_total",
        "stagebeam_engine_prefix_tokens_computed_total",
        "stagebeam_engine_decode_step_seconds_count",
        "stagebeam_engine_decode_tokens_total"}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
}

}  // namespace
}  // namespace stagebeam::generator
