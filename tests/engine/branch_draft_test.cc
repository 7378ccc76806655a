#include "libs/engine/branch_draft.h"

#include <gtest/gtest.h>

#include <string>

namespace stagebeam::engine {
namespace {

// A branch that is made to say chosen tokens: the wanted one's logit towers
// above the others, the second-best one is an ordinary letter.
class BranchDraftTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto loaded = tokens::Tokenizer::Load("models/reference/tokenizer.json");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    tokenizer_ = loaded->release();
  }
  static void TearDownTestSuite() {
    delete tokenizer_;
    tokenizer_ = nullptr;
  }

  BranchRules Rules(Stopping stopping) {
    if (stopping.max_new_tokens == 0) stopping.max_new_tokens = 100;
    Sampling greedy;
    greedy.temperature = 0;
    return MakeBranchRules(*tokenizer_, greedy, stopping, true, {EndOfTurn()},
                           {});
  }

  int32_t EndOfTurn() const { return *tokenizer_->SpecialId("<|eot_id|>"); }
  int32_t Letter() const { return tokenizer_->Encode("x").front(); }

  // One token a byte, so that every text straddles tokens.
  std::vector<int32_t> Bytes(const std::string& text) const {
    std::vector<int32_t> ids;
    for (const char c : text) {
      for (int32_t id = 0; id < tokenizer_->size(); ++id) {
        if (tokenizer_->TokenBytes(id) == std::string_view(&c, 1)) {
          ids.push_back(id);
          break;
        }
      }
    }
    EXPECT_EQ(ids.size(), text.size());
    return ids;
  }

  void Say(BranchDraft& draft, const std::vector<int32_t>& ids) {
    for (const int32_t id : ids) {
      if (draft.ended()) return;
      std::vector<float> logits(tokenizer_->size(), 0.0f);
      logits[Letter()] = 5;
      logits[id] = 10;
      ASSERT_TRUE(draft.Advance(logits, sampler_).ok());
    }
  }

  static tokens::Tokenizer* tokenizer_;
  Sampler sampler_;
};

tokens::Tokenizer* BranchDraftTest::tokenizer_ = nullptr;

TEST_F(BranchDraftTest, AStopStringEndsItThoughItStraddlesTokens) {
  const BranchRules rules = Rules({.stop_strings = {"</SUMMARY>"}});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("two</SUMMARY>!"));
  ASSERT_TRUE(draft.ended());
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "two</SUMMARY>");
  EXPECT_EQ(branch.finish, Finish::kStopString);
  EXPECT_EQ(branch.token_ids.size(), 13u);
}

TEST_F(BranchDraftTest, TheTokenThatCompletesTheStopStringStaysWhole) {
  const BranchRules rules = Rules({.stop_strings = {"SUMM"}});
  BranchDraft draft(rules, 0);
  const std::vector<int32_t> ids = tokenizer_->Encode("<SUMMARY>");
  Say(draft, ids);
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.finish, Finish::kStopString);
  EXPECT_EQ(branch.text, tokenizer_->Decode(branch.token_ids));
  EXPECT_NE(branch.text.find("SUMM"), std::string::npos);
}

TEST_F(BranchDraftTest, TheEndOfTurnTokenIsNeitherTokenNorText) {
  const BranchRules rules = Rules({});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("yes"));
  Say(draft, {EndOfTurn()});
  ASSERT_TRUE(draft.ended());
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "yes");
  EXPECT_EQ(branch.token_ids, Bytes("yes"));
  EXPECT_EQ(branch.token_logprobs.size(), 3u);
  EXPECT_EQ(branch.finish, Finish::kEndOfTurn);
}

TEST_F(BranchDraftTest, LengthEndsIt) {
  const BranchRules rules = Rules({.stop_strings = {}, .max_new_tokens = 4});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("abcdefgh"));
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "abcd");
  EXPECT_EQ(branch.finish, Finish::kLength);
}

TEST_F(BranchDraftTest, AStopStringInTheLastTokenGoesBeforeLength) {
  const BranchRules rules =
      Rules({.stop_strings = {"cd"}, .max_new_tokens = 4});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("abcdefgh"));
  EXPECT_EQ(draft.Take().finish, Finish::kStopString);
}

TEST_F(BranchDraftTest, BeforeTheMinimumTheTurnDoesNotEnd) {
  const BranchRules rules = Rules({.stop_strings = {}, .min_new_tokens = 3});
  BranchDraft draft(rules, 0);
  Say(draft, std::vector<int32_t>(4, EndOfTurn()));
  ASSERT_TRUE(draft.ended());
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "xxx");
  EXPECT_EQ(branch.finish, Finish::kEndOfTurn);
}

TEST_F(BranchDraftTest, BeforeTheMinimumAStopStringWaits) {
  const BranchRules rules =
      Rules({.stop_strings = {"ab"}, .min_new_tokens = 5});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("abcdefgh"));
  ASSERT_TRUE(draft.ended());
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "abcde");
  EXPECT_EQ(branch.finish, Finish::kStopString);
}

TEST_F(BranchDraftTest, ASentenceEndsIt) {
  const BranchRules rules =
      Rules({.stop_strings = {}, .stop_after_sentence = true});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("There are 3.5 cats. More"));
  ASSERT_TRUE(draft.ended());
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "There are 3.5 cats. ");
  EXPECT_EQ(branch.finish, Finish::kStopString);
}

TEST_F(BranchDraftTest, AnUnfinishedCharacterIsShownAtTheEnd) {
  const BranchRules rules = Rules({.stop_strings = {}, .max_new_tokens = 2});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("a\xC3"));
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "a\xEF\xBF\xBD");
  EXPECT_EQ(branch.text, tokenizer_->Decode(branch.token_ids));
}

TEST_F(BranchDraftTest, LogprobIsTheSumOfItsTokens) {
  const BranchRules rules = Rules({.stop_strings = {}, .max_new_tokens = 5});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("abcde"));
  const Branch branch = draft.Take();
  double sum = 0;
  for (const float logprob : branch.token_logprobs) sum += logprob;
  EXPECT_NEAR(branch.logprob, sum, 1e-5);
  EXPECT_LT(branch.logprob, 0);
}

}  // namespace
}  // namespace stagebeam::engine
