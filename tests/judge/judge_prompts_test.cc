#include "services/judge/judge_prompts.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace stagebeam::judge {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr char kReference[] = "models/reference/judge_prompts.json";

class JudgePromptsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto loaded = tokens::Tokenizer::Load("models/reference/tokenizer.json");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    tokenizer_ = *std::move(loaded);
  }
  static void TearDownTestSuite() { tokenizer_.reset(); }

  static absl::StatusOr<JudgePrompts> Load(const std::string& path) {
    return JudgePrompts::Load(path, *tokenizer_);
  }
  static std::string Write(const std::string& text) {
    const std::string path = testing::TempDir() + "judge_prompts_" +
                             std::to_string(getpid()) + ".json";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static Json ReferenceJson() {
    std::ifstream stream(kReference);
    return Json::parse(stream);
  }

  static inline std::unique_ptr<tokens::Tokenizer> tokenizer_;
};

const Duel kDuel = {.subject = inference::Subject::kCaption,
                    .question = "How many?",
                    .hint = "",
                    .first = "Two dogs.",
                    .second = "Three dogs."};

TEST_F(JudgePromptsTest, WritesTheReferencesWordingExactly) {
  const auto prompts = Load(kReference);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ(prompts->Render(kDuel),
            "Judge the caption.\nQuestion: How many?\n"
            "Response 1: Two dogs.\nResponse 2: Three dogs.");
}

TEST_F(JudgePromptsTest, TheHintsWordingComesOnlyWithAHint) {
  const auto prompts = Load(kReference);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  Duel duel = kDuel;
  EXPECT_THAT(prompts->Render(duel), Not(HasSubstr("Hint")));
  duel.hint = "Dogs run.";
  EXPECT_THAT(prompts->Render(duel),
              HasSubstr("How many?\nHint: Dogs run.\nResponse 1"));
}

TEST_F(JudgePromptsTest, BracesInTextsOfUsersArePlainText) {
  const auto prompts = Load(kReference);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  Duel duel = kDuel;
  duel.question = "{first}";
  duel.hint = "{hint} {second}";
  duel.first = "{second}";
  duel.second = "{question}{subject}";
  EXPECT_THAT(
      prompts->Render(duel),
      HasSubstr(
          "Question: {first}\nHint: {hint} {second}\nResponse 1: {second}\n"
          "Response 2: {question}{subject}"));
}

TEST_F(JudgePromptsTest, EachChoiceHasATokenOfItsOwn) {
  const auto prompts = Load(kReference);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  ASSERT_THAT(prompts->choice_ids(), SizeIs(2));
  EXPECT_EQ(tokenizer_->TokenBytes(prompts->choice_ids()[0]), "1");
  EXPECT_EQ(tokenizer_->TokenBytes(prompts->choice_ids()[1]), "2");
  EXPECT_EQ(tokenizer_->Decode(prompts->score_prefix_ids()),
            "I choose response ");
  EXPECT_EQ(prompts->Parse("I choose response 2."), 1);
}

TEST_F(JudgePromptsTest, WithoutAFileThereIsADefault) {
  const auto prompts = Load("no/such/judge_prompts.json");
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  for (const auto subject :
       {inference::Subject::kSummary, inference::Subject::kCaption,
        inference::Subject::kReasoning, inference::Subject::kConclusion,
        inference::Subject::kSentence, inference::Subject::kResponse}) {
    Duel duel = kDuel;
    duel.subject = subject;
    duel.hint = "Dogs run.";
    EXPECT_THAT(prompts->Render(duel),
                AllOf(HasSubstr("How many?"), HasSubstr("Dogs run."),
                      HasSubstr("better: prefer the "), HasSubstr("Two dogs."),
                      HasSubstr("Three dogs.")));
  }
  EXPECT_EQ(prompts->Parse("Since it is so, I choose response 1."), 0);
}

// What stands behind the responses is computed anew for every duel.
TEST_F(JudgePromptsTest, InTheDefaultNothingFollowsTheSecondResponse) {
  const auto prompts = Load("no/such/judge_prompts.json");
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  Duel duel = kDuel;
  duel.hint = "Dogs run.";
  const std::string text = prompts->Render(duel);
  EXPECT_THAT(text, EndsWith("Response 1:\nTwo dogs.\n\n"
                             "Response 2:\nThree dogs."));
  const size_t form = text.find("Since [reason], I choose response [1/2].");
  EXPECT_LT(form, text.find("How many?"));
  EXPECT_LT(text.find("How many?"), text.find("Dogs run."));
  EXPECT_LT(text.find("Dogs run."), text.find("Response 1"));
}

TEST_F(JudgePromptsTest, AfterWordsTheScorePrefixHasABlankInFront) {
  const auto prompts = Load(kReference);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ(prompts->ScorePrefixAfter(""), prompts->score_prefix_ids());
  EXPECT_EQ(prompts->ScorePrefixAfter("so,\n"), prompts->score_prefix_ids());
  const auto& spaced = prompts->ScorePrefixAfter("Since it is so,");
  EXPECT_EQ(tokenizer_->Decode(spaced), " I choose response ");
  EXPECT_LE(static_cast<int>(spaced.size()), prompts->longest_score_prefix());
}

TEST_F(JudgePromptsTest, AScorePrefixThatBeginsWithABlankGetsNoOther) {
  Json json = ReferenceJson();
  json["score_prefix"] = " My choice: ";
  const auto prompts = Load(Write(json.dump()));
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ(prompts->ScorePrefixAfter("so"), prompts->score_prefix_ids());
}

TEST_F(JudgePromptsTest, EveryBrokenFieldIsNamedWithTheFile) {
  const std::pair<const char*, std::function<void(Json&)>> cases[] = {
      {"prompt", [](Json& j) { j.erase("prompt"); }},
      {"prompt", [](Json& j) { j["prompt"] = 3; }},
      {"{second}", [](Json& j) { j["prompt"] = "{first} {secnd}"; }},
      {"hint", [](Json& j) { j["hint"] = "no place"; }},
      {"criteria", [](Json& j) { j["criteria"] = "none"; }},
      {"criteria", [](Json& j) { j.erase("criteria"); }},
      {"criteria.sentence", [](Json& j) { j["criteria"].erase("sentence"); }},
      {"score_prefix", [](Json& j) { j["score_prefix"] = ""; }},
      {"choices", [](Json& j) { j["choices"] = {"1"}; }},
      {"choices",
       [](Json& j) {
         j["choices"] = {"1", 2};
       }},
      {"choices",
       [](Json& j) {
         j["choices"] = {"1", ""};
       }},
      {"choices",
       [](Json& j) {
         j["choices"] = {"1", "1"};
       }},
      {"written_verdict", [](Json& j) { j["written_verdict"] = "I choose"; }},
  };
  for (const auto& [field, spoil] : cases) {
    Json json = ReferenceJson();
    spoil(json);
    const std::string path = Write(json.dump());
    const auto prompts = Load(path);
    EXPECT_EQ(prompts.status().code(), absl::StatusCode::kInvalidArgument)
        << field;
    EXPECT_THAT(std::string(prompts.status().message()),
                AllOf(HasSubstr(path), HasSubstr(field)));
  }
}

TEST_F(JudgePromptsTest, AChoiceThatMergesWithThePrefixIsRefused) {
  Json json = ReferenceJson();
  json["score_prefix"] = "response t";
  json["choices"] = {"he", "2"};
  const auto prompts = Load(Write(json.dump()));
  EXPECT_EQ(prompts.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(prompts.status().message()), HasSubstr("choices[0]"));
}

TEST_F(JudgePromptsTest, WhatIsNotJsonIsRefused) {
  for (const std::string text : {"", "{", "[]", "\xFF"}) {
    const auto prompts = Load(Write(text));
    EXPECT_EQ(prompts.status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_EQ(Load(testing::TempDir()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stagebeam::judge
