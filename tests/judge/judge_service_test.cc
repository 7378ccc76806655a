// Every field of ComparePairsRequest has its effect, and every method decides.
#include "services/judge/judge_service.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/judge/judge_fixture.h"

namespace stagebeam::judge {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

// fp32, other batches: probabilities agree to this.
constexpr double kTolerance = 1e-4;

class JudgeService : public JudgeTest {};

TEST_F(JudgeService, GivesAVerdictForEveryPairInOrder) {
  auto request = Request(v1::METHOD_SCORE);
  AddPair(0, 1, &request);
  AddPair(2, 3, &request);
  AddPair(3, 0, &request);
  const auto response = Answer(request);
  ASSERT_THAT(response.verdicts(), SizeIs(3));
  for (int i = 0; i < 3; ++i) {
    const auto& verdict = response.verdicts(i);
    EXPECT_THAT(verdict.confidence(), AllOf(Ge(0.5), Le(1.0)));
    EXPECT_THAT(verdict.rationale(), IsEmpty());
    EXPECT_FALSE(verdict.unparsed());
    auto alone = request;
    alone.clear_pairs();
    *alone.add_pairs() = request.pairs(i);
    EXPECT_NEAR(First(Answer(alone).verdicts(0)), First(verdict), kTolerance)
        << i;
  }
  EXPECT_GT(response.usage().prompt_token_count(), 100);
  EXPECT_EQ(response.usage().generated_token_count(), 0);
}

TEST_F(JudgeService, ScoreIsTheModelsProbabilityOfTheChoices) {
  auto request = Request(v1::METHOD_SCORE);
  const JudgePrompts& wording = process_->wording;
  const engine::Engine& engine = *process_->worker.engine;
  engine::ScoreCall call;
  call.image = process_->worker.features->Prompt(
      inference::ImageFeatures{.key = "red"}, inference::RequestContext());
  call.prompts.push_back(engine.chat().Prompt(
      wording.Render({.subject = inference::Subject::kCaption,
                      .question = request.question(),
                      .hint = "",
                      .first = request.candidates(0),
                      .second = request.candidates(1)}),
      /*with_image=*/true));
  for (const int id : wording.score_prefix_ids()) call.prompts[0].push_back(id);
  call.choices = wording.choice_ids();
  const auto expected = process_->worker.engine->Score(call);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_NEAR(First(request), expected->probabilities[0][0], kTolerance);
}

TEST_F(JudgeService, BothOrdersAverageTheScores) {
  auto request = Request(v1::METHOD_SCORE);
  AddPair(0, 1, &request);
  AddPair(1, 0, &request);
  const auto scores = Answer(request);
  const double expected =
      (First(scores.verdicts(0)) + 1 - First(scores.verdicts(1))) / 2;
  EXPECT_NEAR(First(Request(v1::METHOD_SCORE_BOTH_ORDERS)), expected,
              kTolerance);
}

TEST_F(JudgeService, BothOrdersAreTheDefault) {
  EXPECT_NEAR(First(Request()), First(Request(v1::METHOD_SCORE_BOTH_ORDERS)),
              kTolerance);
}

TEST_F(JudgeService, InBothOrdersPositionHasNoSay) {
  auto request = Request(v1::METHOD_SCORE_BOTH_ORDERS);
  for (int i = 0; i < request.candidates_size(); ++i) {
    for (int j = 0; j < request.candidates_size(); ++j) {
      if (i != j) AddPair(i, j, &request);
    }
  }
  const auto response = Answer(request);
  for (int a = 0; a < request.pairs_size(); ++a) {
    for (int b = 0; b < request.pairs_size(); ++b) {
      if (request.pairs(a).first() != request.pairs(b).second()) continue;
      if (request.pairs(a).second() != request.pairs(b).first()) continue;
      EXPECT_NE(response.verdicts(a).first_is_better(),
                response.verdicts(b).first_is_better());
      EXPECT_NEAR(response.verdicts(a).confidence(),
                  response.verdicts(b).confidence(), kTolerance);
    }
  }
}

TEST_F(JudgeService, EqualTextsTieAndTheLowerIndexWins) {
  for (const auto method : {v1::METHOD_SCORE, v1::METHOD_SCORE_BOTH_ORDERS}) {
    auto request = Request(method);
    request.set_candidates(1, request.candidates(0));
    AddPair(0, 1, &request);
    AddPair(1, 0, &request);
    const auto response = Answer(request);
    EXPECT_TRUE(response.verdicts(0).first_is_better());
    EXPECT_FALSE(response.verdicts(1).first_is_better());
    EXPECT_EQ(response.verdicts(0).confidence(), 0.5);
  }
}

TEST_F(JudgeService, QuestionSubjectHintPictureAndTextsMatter) {
  const double base = First(Request());
  auto question = Request();
  question.set_question("Is there a dog?");
  EXPECT_NE(First(question), base);
  auto subject = Request();
  subject.set_subject(v1::SUBJECT_CONCLUSION);
  EXPECT_NE(First(subject), base);
  auto hint = Request();
  hint.set_hint("There are two red circles.");
  EXPECT_NE(First(hint), base);
  auto picture = Request();
  *picture.mutable_image() = worker::EngineFixture::Image("blue");
  EXPECT_NE(First(picture), base);
  auto text_only = Request();
  text_only.clear_image();
  EXPECT_NE(First(text_only), base);
  auto text = Request();
  text.set_candidates(1, "Something else.");
  EXPECT_NE(First(text), base);
}

TEST_F(JudgeService, CandidatesMayBeEmptyOrLookLikeTemplates) {
  auto request = Request();
  request.set_candidates(0, "");
  request.set_candidates(1, "{second}{first}<|eot_id|>");
  EXPECT_THAT(First(request), AllOf(Ge(0.0), Le(1.0)));
}

TEST_F(JudgeService, ThePartThatPairsShareIsComputedOnce) {
  auto request = Request(v1::METHOD_SCORE);
  request.set_question(
      "A question that no other test asks of the judge, long enough to share?");
  for (int i = 1; i < 4; ++i) AddPair(0, i, &request);
  const auto first = Answer(request).usage();
  const auto again = Answer(request).usage();
  EXPECT_GT(first.prompt_token_count(), 0);
  EXPECT_GT(again.reused_token_count(), first.prompt_token_count() / 2);
}

TEST_F(JudgeService, WritesASentenceThatNamesTheWinner) {
  auto request = Request(v1::METHOD_WRITE);
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      if (i != j) AddPair(i, j, &request);
    }
  }
  const auto response = Answer(request);
  EXPECT_GT(response.usage().generated_token_count(), 0);
  int parsed = 0;
  for (const auto& verdict : response.verdicts()) {
    if (verdict.unparsed()) continue;
    ++parsed;
    EXPECT_EQ(verdict.confidence(), 1.0);
    EXPECT_THAT(verdict.rationale(),
                HasSubstr(verdict.first_is_better() ? "I choose response 1"
                                                    : "I choose response 2"));
  }
  EXPECT_GT(parsed, 0);
}

TEST_F(JudgeService, WritingIsSeeded) {
  auto request = Request(v1::METHOD_WRITE);
  for (int i = 1; i < 4; ++i) AddPair(0, i, &request);
  // Twins, between which nothing but the seed can decide.
  for (int i = 0; i < 4; ++i) {
    request.add_candidates(request.candidates(i));
    AddPair(i, request.candidates_size() - 1, &request);
  }
  request.set_seed(5);
  const auto rationales = [&] {
    std::vector<std::string> texts;
    const auto response = Answer(request);
    for (const auto& verdict : response.verdicts())
      texts.push_back(verdict.rationale());
    return texts;
  };
  const auto once = rationales();
  EXPECT_EQ(rationales(), once);
  bool differs = false;
  for (int seed = 6; seed < 20 && !differs; ++seed) {
    request.set_seed(seed);
    differs = rationales() != once;
  }
  EXPECT_TRUE(differs);
}

// The verdicts of `pairs`, each asked for in a call of its own.
std::vector<std::string> JudgedAlone(
    const std::function<
        v1::ComparePairsResponse(const v1::ComparePairsRequest&)>& answer,
    const v1::ComparePairsRequest& request) {
  std::vector<std::string> rationales;
  for (const v1::Pair& pair : request.pairs()) {
    v1::ComparePairsRequest one = request;
    one.clear_pairs();
    *one.add_pairs() = pair;
    rationales.push_back(answer(one).verdicts(0).rationale());
  }
  return rationales;
}

TEST_F(JudgeService, APairThatNamesItsStreamIsDecidedAlikeInAnyCompany) {
  auto request = Request(v1::METHOD_WRITE);
  for (int i = 1; i < 4; ++i) AddPair(i, 0, &request);
  request.set_seed(5);
  std::vector<std::string> together;
  const auto response = Answer(request);
  for (const auto& verdict : response.verdicts())
    together.push_back(verdict.rationale());
  // Where a pair names none, its place among the pairs is its stream.
  EXPECT_NE(JudgedAlone(Answer, request), together);
  for (int i = 0; i < 3; ++i) request.mutable_pairs(i)->set_stream(i);
  EXPECT_EQ(JudgedAlone(Answer, request), together);
}

// A wording that the model cannot follow: it writes, and the score decides.
class SilentJudge : public JudgeTest {
 protected:
  void SetUp() override {
    auto wording =
        JudgePrompts::Load("tests/judge/silent_prompts.json", tokenizer());
    ASSERT_TRUE(wording.ok()) << wording.status();
    wording_.emplace(*std::move(wording));
  }

  EngineJudge Judge(const VerdictLength& length = {}) {
    return EngineJudge(*process_->worker.engine, *wording_,
                       *process_->worker.features,
                       {.default_method = inference::JudgeMethod::kWrite,
                        .verdict_length = length},
                       process_->worker.metrics);
  }
  // Pair (0, 1) about a question that nobody asked before.
  static inference::CompareRequest OnePair(const std::string& question) {
    inference::CompareRequest request;
    request.question = question;
    request.subject = inference::Subject::kSummary;
    request.candidates = {"one", "two"};
    request.pairs = {{0, 1}};
    return request;
  }
  static const tokens::Tokenizer& tokenizer() {
    return process_->worker.engine->tokenizer();
  }
  std::vector<int32_t> PromptOf(const inference::CompareRequest& request) {
    return process_->worker.engine->chat().Prompt(
        wording_->Render({.subject = request.subject,
                          .question = request.question,
                          .hint = "",
                          .first = request.candidates[0],
                          .second = request.candidates[1]}),
        /*with_image=*/false);
  }
  static int Computed(const inference::JudgeUsage& usage) {
    return usage.prompt_token_count - usage.reused_token_count;
  }

  std::optional<JudgePrompts> wording_;
};

TEST_F(SilentJudge, WhatNamesNoChoiceIsDecidedByTheScoreAfterWhatWasWritten) {
  EngineJudge judge = Judge({.min_tokens = 24, .max_tokens = 24});
  const auto request = OnePair("How many?");
  const auto result = judge.ComparePairs({}, request);
  ASSERT_TRUE(result.ok()) << result.status();
  const inference::Verdict& verdict = result->verdicts[0];
  EXPECT_TRUE(verdict.unparsed);
  EXPECT_EQ(result->usage.generated_token_count, 24);

  engine::Engine& engine = *process_->worker.engine;
  engine::GenerateCall write;
  write.prompts = {{.prompt_token_ids = PromptOf(request)}};
  write.sampling = engine.default_sampling();
  write.stopping = {
      .stop_strings = {}, .max_new_tokens = 24, .min_new_tokens = 24};
  const auto written = engine.Generate(write);
  ASSERT_TRUE(written.ok()) << written.status();
  const engine::Branch& branch = written->branches[0][0];
  EXPECT_THAT(branch.text, HasSubstr(verdict.rationale));
  std::vector<int32_t> prompt = write.prompts[0].prompt_token_ids;
  for (const int32_t id : branch.token_ids) prompt.push_back(id);
  for (const int32_t id : wording_->ScorePrefixAfter(branch.text))
    prompt.push_back(id);
  engine::ScoreCall score;
  score.prompts = {prompt};
  score.choices = wording_->choice_ids();
  const auto scores = engine.Score(score);
  ASSERT_TRUE(scores.ok()) << scores.status();
  const double first = scores->probabilities[0][0];
  EXPECT_EQ(verdict.first_is_better, first > 0.5);
  EXPECT_NEAR(verdict.confidence, std::max(first, 1 - first), kTolerance);
}

TEST_F(SilentJudge, TheScoreAfterwardsCostsAHandfulOfTokens) {
  EngineJudge judge = Judge();
  const auto request = OnePair("A question that only this test asks: why?");
  const auto result = judge.ComparePairs({}, request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->verdicts[0].unparsed);
  // The prompt once, then the last token written and score_prefix.
  const int prompt = static_cast<int>(PromptOf(request).size());
  EXPECT_LE(Computed(result->usage),
            prompt + 1 + wording_->longest_score_prefix());
}

TEST_F(SilentJudge, EveryPairIsScoredAfterItsOwnVerdict) {
  EngineJudge judge = Judge({.min_tokens = 16, .max_tokens = 16});
  auto request = OnePair("How many are there?");
  request.candidates = {"one", "two", "three"};
  request.pairs = {{0, 1}, {1, 0}, {2, 1}, {0, 2}};
  const auto together = judge.ComparePairs({}, request);
  ASSERT_TRUE(together.ok()) << together.status();
  // The first pair draws from the same stream alone.
  request.pairs.resize(1);
  const auto alone = judge.ComparePairs({}, request);
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_EQ(together->verdicts[0].rationale, alone->verdicts[0].rationale);
  EXPECT_NEAR(together->verdicts[0].confidence, alone->verdicts[0].confidence,
              kTolerance);
  for (const inference::Verdict& verdict : together->verdicts) {
    EXPECT_TRUE(verdict.unparsed);
    EXPECT_THAT(verdict.confidence, AllOf(Ge(0.5), Le(1.0)));
  }
}

TEST_F(SilentJudge, EqualTextsTieThoughTheScoreMayNot) {
  EngineJudge judge = Judge();
  auto request = OnePair("Which?");
  request.candidates = {"same", "same"};
  request.pairs = {{1, 0}};
  const auto result = judge.ComparePairs({}, request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->verdicts[0].first_is_better);
  EXPECT_EQ(result->verdicts[0].confidence, 0.5);
}

TEST_F(JudgeService, SixtyFourPairsAreOneCall) {
  auto request = Request();
  for (int i = 0; i < 64; ++i) AddPair(i % 4, (i + 1) % 4, &request);
  const auto response = Answer(request);
  ASSERT_THAT(response.verdicts(), SizeIs(64));
  for (int i = 4; i < 64; ++i) {
    EXPECT_NEAR(First(response.verdicts(i)), First(response.verdicts(i % 4)),
                kTolerance);
  }
}

// A judge that counts on a page of its own, and what it said.
class CountedJudge : public JudgeTest {
 protected:
  std::vector<inference::Verdict> Compare(
      inference::JudgeMethod method,
      const std::vector<inference::Pair>& pairs) {
    inference::CompareRequest request;
    request.question = "How many red circles are there?";
    request.subject = inference::Subject::kCaption;
    request.candidates = {"A red circle.", "Two red circles.", "red red red",
                          "A red circle."};
    request.pairs = pairs;
    request.method = method;
    const auto result = judge_.ComparePairs({}, request);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->verdicts : std::vector<inference::Verdict>();
  }

  serving::Metrics metrics_{"judge"};
  EngineJudge judge_{*process_->worker.engine,
                     process_->wording,
                     *process_->worker.features,
                     {},
                     metrics_};
};

TEST_F(CountedJudge, TellsHowOftenBothOrdersAgree) {
  // Candidates 0 and 3 are equal, and no case for either order.
  const std::vector<inference::Pair> pairs = {{0, 1}, {1, 2}, {2, 0}, {0, 3}};
  const std::vector<inference::Pair> swapped = {{1, 0}, {2, 1}, {0, 2}};
  const auto one = Compare(inference::JudgeMethod::kScore, pairs);
  const auto other = Compare(inference::JudgeMethod::kScore, swapped);
  ASSERT_THAT(one, SizeIs(4));
  ASSERT_THAT(other, SizeIs(3));
  int agreed = 0;
  for (int i = 0; i < 3; ++i)
    agreed += one[i].first_is_better != other[i].first_is_better;
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("_checks_total{outcome=\"agreed\"} 0"));
  Compare(inference::JudgeMethod::kScoreBothOrders, pairs);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_judge_order_checks_total{outcome="
                        "\"agreed\"} " +
                        std::to_string(agreed)));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_judge_order_checks_total{outcome="
                        "\"disagreed\"} " +
                        std::to_string(3 - agreed)));
}

TEST_F(CountedJudge, TellsHowSureItWas) {
  // Equal texts are an even choice.
  Compare(inference::JudgeMethod::kScore, {{0, 3}, {3, 0}});
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_judge_confidence_ratio_bucket{method="
                        "\"score\",le=\"0.5\"} 2\n"));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_judge_duels_total{method=\"score\",outcome="
                        "\"second\"} 1\n"));
}

TEST_F(JudgeService, MetricsCountDuelsByMethodAndOutcome) {
  First(Request(v1::METHOD_SCORE));
  EXPECT_THAT(
      process_->worker.metrics.Text(),
      HasSubstr("stagebeam_judge_duels_total{method=\"score\",outcome=\""));
  EXPECT_THAT(process_->worker.metrics.Text(),
              HasSubstr("stagebeam_judge_unparsed_verdicts_total"));
}

}  // namespace
}  // namespace stagebeam::judge
