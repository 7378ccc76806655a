#include "services/orchestrator/request_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "libs/serving/status_conversion.h"

namespace stagebeam::orchestrator {
namespace {

v1::ReasonRequest Valid() {
  v1::ReasonRequest request;
  request.set_image("picture");
  request.set_question("What?");
  return request;
}

struct BadRequest {
  std::string what;
  std::function<void(v1::ReasonRequest&)> spoil;
  std::string field;
  std::string message;
};

std::vector<BadRequest> BadRequests() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto sampling = [](v1::ReasonRequest& r) {
    return r.mutable_search()->mutable_sampling();
  };
  const auto stages = [](v1::ReasonRequest& r) {
    return r.mutable_search()->mutable_stage_beam();
  };
  const auto adaptive = [](v1::ReasonRequest& r) {
    return r.mutable_search()->mutable_adaptive_beam();
  };
  return {
      {"no picture", [](auto& r) { r.clear_image(); }, "picture",
       "must have an image or an image_key"},
      {"empty picture", [](auto& r) { r.set_image(""); }, "image",
       "must not be empty"},
      {"large picture", [](auto& r) { r.set_image(std::string(1025, 'x')); },
       "image", "must be at most 1024 bytes, got 1025"},
      {"no key", [](auto& r) { r.set_image_key("cat.png"); }, "image_key",
       "must be the image_key of an earlier response"},
      {"no question", [](auto& r) { r.clear_question(); }, "question",
       "must not be empty"},
      {"blank question", [](auto& r) { r.set_question(" \n\t"); }, "question",
       "must not be empty"},
      {"1 MB question",
       [](auto& r) { r.set_question(std::string(1 << 20, 'x')); }, "question",
       "must be at most 65536 bytes, got 1048576"},
      {"long id", [](auto& r) { r.set_request_id(std::string(129, 'x')); },
       "request_id", "must be at most 128 visible ASCII characters"},
      {"id with a newline", [](auto& r) { r.set_request_id("a\nb"); },
       "request_id", "must be at most 128 visible ASCII characters"},
      {"no candidates", [=](auto& r) { stages(r); },
       "search.stage_beam.candidate_count", "must be in [1, 64], got 0"},
      {"65 candidates", [=](auto& r) { stages(r)->set_candidate_count(65); },
       "search.stage_beam.candidate_count", "must be in [1, 64], got 65"},
      {"-1 candidates", [=](auto& r) { stages(r)->set_candidate_count(-1); },
       "search.stage_beam.candidate_count", "must be in [1, 64], got -1"},
      {"more survivors than candidates",
       [=](auto& r) {
         stages(r)->set_candidate_count(2);
         stages(r)->set_survivor_count(3);
       },
       "search.stage_beam.survivor_count", "must be in [1, 2], got 3"},
      {"0 responses", [](auto& r) { r.mutable_search()->mutable_best_of_n(); },
       "search.best_of_n.candidate_count", "must be in [1, 64], got 0"},
      {"65 a sentence",
       [](auto& r) {
         r.mutable_search()->mutable_sentence_beam()->set_candidate_count(65);
       },
       "search.sentence_beam.candidate_count", "must be in [1, 64], got 65"},
      {"-1 sentences",
       [](auto& r) {
         auto* beam = r.mutable_search()->mutable_sentence_beam();
         beam->set_candidate_count(1);
         beam->set_max_sentence_count(-1);
       },
       "search.sentence_beam.max_sentence_count",
       "must be in [1, 1024], got -1"},
      {"no candidates of an adaptive beam", [=](auto& r) { adaptive(r); },
       "search.adaptive_beam.candidate_count", "must be in [1, 64], got 0"},
      {"more at first than at most",
       [=](auto& r) {
         adaptive(r)->set_candidate_count(2);
         adaptive(r)->set_initial_candidate_count(3);
       },
       "search.adaptive_beam.initial_candidate_count",
       "must be in [1, 2], got 3"},
      {"sufficient without being likely",
       [=](auto& r) {
         adaptive(r)->set_candidate_count(2);
         adaptive(r)->set_sufficient_probability(0);
       },
       "search.adaptive_beam.sufficient_probability",
       "must be in (0, 1], got 0"},
      {"surer than sure",
       [=](auto& r) {
         adaptive(r)->set_candidate_count(2);
         adaptive(r)->set_sufficient_confidence(1.5);
       },
       "search.adaptive_beam.sufficient_confidence",
       "must be in [0, 1], got 1.5"},
      {"unknown decider",
       [](auto& r) {
         r.mutable_search()->set_decider(static_cast<v1::Decider>(9));
       },
       "search.decider", "is not a known decider"},
      {"NaN temperature", [=](auto& r) { sampling(r)->set_temperature(nan); },
       "search.sampling.temperature", "must be in [0, 2], got nan"},
      {"hot", [=](auto& r) { sampling(r)->set_temperature(2.5); },
       "search.sampling.temperature", "must be in [0, 2], got 2.5"},
      {"NaN top_p", [=](auto& r) { sampling(r)->set_top_p(nan); },
       "search.sampling.top_p", "must be in (0, 1], got nan"},
      {"no top_p", [=](auto& r) { sampling(r)->set_top_p(0); },
       "search.sampling.top_p", "must be in (0, 1], got 0"},
      {"-1 top_k", [=](auto& r) { sampling(r)->set_top_k(-1); },
       "search.sampling.top_k", "must be in [0, 1048576], got -1"},
      {"-1 tokens",
       [](auto& r) { r.mutable_search()->set_max_candidate_tokens(-1); },
       "search.max_candidate_tokens", "must be in [0, 65536], got -1"},
      {"more tokens at least than at most",
       [](auto& r) {
         r.mutable_search()->set_max_candidate_tokens(5);
         r.mutable_search()->set_min_candidate_tokens(6);
       },
       "search.min_candidate_tokens", "must be in [0, 5], got 6"},
      {"unknown method",
       [](auto& r) {
         r.mutable_search()->set_judge_method(
             static_cast<stagebeam::judge::v1::Method>(99));
       },
       "search.judge_method", "is not a known method"},
  };
}

TEST(ReadQuestion, NamesTheFieldOfEveryBadRequest) {
  RequestRules rules;
  rules.max_image_bytes = 1024;
  for (const BadRequest& bad : BadRequests()) {
    v1::ReasonRequest request = Valid();
    bad.spoil(request);
    const auto question = ReadQuestion(request, rules);
    ASSERT_FALSE(question.ok()) << bad.what;
    EXPECT_EQ(question.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(question.status().message(), bad.field + ": " + bad.message)
        << bad.what;
    EXPECT_THAT(
        serving::FieldViolations(question.status()),
        testing::ElementsAre(serving::FieldViolation{bad.field, bad.message}))
        << bad.what;
  }
}

TEST(ReadQuestion, FillsInWhatARequestLeavesOut) {
  RequestRules rules;
  rules.default_candidate_tokens = 77;
  const auto question = ReadQuestion(Valid(), rules);
  ASSERT_TRUE(question.ok()) << question.status();
  const auto* beam = std::get_if<search::StageBeam>(&question->strategy);
  ASSERT_NE(beam, nullptr);
  EXPECT_EQ(beam->candidate_count, 2);
  EXPECT_EQ(beam->survivor_count, 1);
  EXPECT_EQ(question->sampling, inference::SamplingParameters{});
  EXPECT_EQ(question->max_candidate_tokens, 77);
  EXPECT_EQ(question->judge_method, inference::JudgeMethod::kDefault);
  EXPECT_EQ(question->request_id, "");
}

TEST(ReadQuestion, FillsInWhatAnAdaptiveBeamLeavesOut) {
  v1::ReasonRequest request = Valid();
  request.mutable_search()->mutable_adaptive_beam()->set_candidate_count(8);
  const auto question = ReadQuestion(request, {});
  ASSERT_TRUE(question.ok()) << question.status();
  const auto& beam = std::get<search::AdaptiveBeam>(question->strategy);
  EXPECT_EQ(beam.candidate_count, 8);
  EXPECT_EQ(beam.initial_candidate_count, 1);
  EXPECT_EQ(beam.sufficient_probability, 0.9);
  EXPECT_EQ(beam.sufficient_confidence, 0.8);
  EXPECT_EQ(question->decider, search::Decider::kJudge);
  EXPECT_EQ(StrategyName(question->strategy), "adaptive_beam");
}

TEST(ReadQuestion, KeepsWhatAnAdaptiveBeamSays) {
  v1::ReasonRequest request = Valid();
  request.mutable_search()->set_decider(v1::DECIDER_LOG_PROBABILITY);
  auto& proto = *request.mutable_search()->mutable_adaptive_beam();
  proto.set_candidate_count(8);
  proto.set_initial_candidate_count(2);
  proto.set_sufficient_probability(0.5);
  proto.set_sufficient_confidence(0);
  const auto question = ReadQuestion(request, {});
  ASSERT_TRUE(question.ok()) << question.status();
  const auto& beam = std::get<search::AdaptiveBeam>(question->strategy);
  EXPECT_EQ(beam.initial_candidate_count, 2);
  EXPECT_EQ(beam.sufficient_probability, 0.5);
  EXPECT_EQ(beam.sufficient_confidence, 0);
  EXPECT_EQ(question->decider, search::Decider::kLogProbability);
}

TEST(ReadQuestion, KeepsWhatARequestSays) {
  v1::ReasonRequest request = Valid();
  request.set_request_id("r-1");
  request.set_image_key("k-1x2x3x4");
  auto& policy = *request.mutable_search();
  policy.mutable_sentence_beam()->set_candidate_count(3);
  policy.mutable_sampling()->set_temperature(0);
  policy.mutable_sampling()->set_seed(-5);
  policy.set_judge_method(stagebeam::judge::v1::METHOD_WRITE);
  policy.set_max_candidate_tokens(40);
  policy.set_min_candidate_tokens(40);
  const auto question = ReadQuestion(request, {});
  ASSERT_TRUE(question.ok()) << question.status();
  const auto* beam = std::get_if<search::SentenceBeam>(&question->strategy);
  ASSERT_NE(beam, nullptr);
  EXPECT_EQ(beam->candidate_count, 3);
  EXPECT_EQ(beam->max_sentence_count, 64);
  EXPECT_EQ(question->sampling.temperature, 0);
  EXPECT_EQ(question->sampling.seed, -5);
  EXPECT_EQ(question->judge_method, inference::JudgeMethod::kWrite);
  EXPECT_EQ(question->max_candidate_tokens, 40);
  EXPECT_EQ(question->min_candidate_tokens, 40);
  EXPECT_EQ(question->request_id, "r-1");
  ASSERT_TRUE(question->features.has_value());
  EXPECT_EQ(question->features->key, "k");
  EXPECT_EQ(question->image, "");
}

TEST(ReadQuestion, ASearchWithoutAStrategyIsTheDefaultWithItsOwnSampling) {
  v1::ReasonRequest request = Valid();
  request.mutable_search()->mutable_sampling()->set_seed(9);
  RequestRules rules;
  rules.default_strategy = search::BestOfN{5};
  const auto question = ReadQuestion(request, rules);
  ASSERT_TRUE(question.ok()) << question.status();
  EXPECT_TRUE(std::holds_alternative<search::BestOfN>(question->strategy));
  EXPECT_EQ(question->sampling.seed, 9);
}

}  // namespace
}  // namespace stagebeam::orchestrator
