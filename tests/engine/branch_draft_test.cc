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

  Branch Closed(const std::string& text, int tokens, int least_tokens = 0);
  int CloseLength() const {
    return static_cast<int>(tokenizer_->Encode("</A>").size());
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

// Says `text`, one byte a token, to a branch of `tokens` tokens that </A>
// closes. Its closing takes CloseLength() of them.
Branch BranchDraftTest::Closed(const std::string& text, int tokens,
                               int least_tokens) {
  const BranchRules rules = Rules({.stop_strings = {"</A>", "fin"},
                                   .max_new_tokens = tokens,
                                   .min_new_tokens = least_tokens,
                                   .close_at_limit = true});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes(text));
  EXPECT_TRUE(draft.ended());
  return draft.Take();
}

TEST_F(BranchDraftTest, AtItsLimitItIsClosedByTheFirstStopString) {
  const Branch branch = Closed("abcdefghijklmnop", 10);
  EXPECT_EQ(branch.token_ids.size(), 10u);
  EXPECT_EQ(branch.text,
            std::string("abcdefghij").substr(0, 10 - CloseLength()) + "</A>");
  EXPECT_EQ(branch.finish, Finish::kStopString);
}

TEST_F(BranchDraftTest, ClosingTokensCountWithTheirOwnProbability) {
  const Branch branch = Closed("abcdefghijklmnop", 10);
  ASSERT_EQ(branch.token_logprobs.size(), 10u);
  double sum = 0;
  for (const float logprob : branch.token_logprobs) sum += logprob;
  EXPECT_NEAR(branch.logprob, sum, 1e-4);
  // The model wanted to say something else.
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(branch.token_logprobs[i] < -5, i >= 10 - CloseLength()) << i;
}

TEST_F(BranchDraftTest, WhatEndsByItselfIsNotClosed) {
  EXPECT_EQ(Closed("abc</A>", 30).text, "abc</A>");
  EXPECT_EQ(Closed("abcfin", 30).text, "abcfin");
  const BranchRules rules = Rules(
      {.stop_strings = {"</A>"}, .max_new_tokens = 30, .close_at_limit = true});
  BranchDraft draft(rules, 0);
  Say(draft, Bytes("abc"));
  Say(draft, {EndOfTurn()});
  const Branch branch = draft.Take();
  EXPECT_EQ(branch.text, "abc");
  EXPECT_EQ(branch.finish, Finish::kEndOfTurn);
}

TEST_F(BranchDraftTest, AClosingThatItHasBegunIsNotBegunAgain) {
  const std::string closing = "</A>";
  for (int said = 1; said < 4; ++said) {
    // The limit comes when `said` bytes of the closing are there.
    const int tokens = 6 + said + CloseLength();
    const Branch branch =
        Closed("abcdef" + closing.substr(0, said) + "zzzzzzzz", tokens);
    EXPECT_EQ(branch.text, "abcdef</A>") << said;
    EXPECT_EQ(branch.finish, Finish::kStopString);
    EXPECT_LE(static_cast<int>(branch.token_ids.size()), tokens);
    // But for one that must be as long as it may be.
    const Branch exact =
        Closed("abcdef" + closing.substr(0, said) + "zzzzzzzz", tokens, tokens);
    EXPECT_EQ(static_cast<int>(exact.token_ids.size()), tokens);
    EXPECT_TRUE(exact.text.ends_with("</A>")) << exact.text;
  }
}

TEST_F(BranchDraftTest, AnUnfinishedCharacterDoesNotKeepItOpen) {
  for (const std::string text : {"a\xC3", "</\xC3"}) {
    const int tokens = static_cast<int>(text.size()) + CloseLength();
    const Branch branch = Closed(text + "zzzzzzzz", tokens);
    EXPECT_TRUE(branch.text.ends_with("\xEF\xBF\xBD</A>")) << branch.text;
    EXPECT_EQ(branch.finish, Finish::kStopString);
    EXPECT_EQ(branch.text, tokenizer_->Decode(branch.token_ids));
  }
}

TEST_F(BranchDraftTest, WithLeastAndMostTokensAlikeItIsThatLongAndClosed) {
  for (const std::string text :
       {"abcdefghijklmnopqrstuvwxyz", "ab</A>cdefghijklmnopqrstuvwxyz"}) {
    const Branch branch = Closed(text, 20, 20);
    EXPECT_EQ(branch.token_ids.size(), 20u);
    EXPECT_TRUE(branch.text.ends_with("</A>")) << branch.text;
    EXPECT_EQ(branch.finish, Finish::kStopString);
  }
}

TEST_F(BranchDraftTest, ALimitThatIsTheClosingAloneIsEnough) {
  EXPECT_EQ(Closed("abcdefghi", CloseLength()).text, "</A>");
}

TEST_F(BranchDraftTest, WhatCannotBeClosedEndsByItsLength) {
  const Branch branch = Closed("abcdefghi", CloseLength() - 1);
  EXPECT_EQ(branch.finish, Finish::kLength);
  EXPECT_EQ(branch.text, std::string("abcdefghi").substr(0, CloseLength() - 1));
  for (const bool sentence : {false, true}) {
    Stopping stopping{.stop_strings = {},
                      .max_new_tokens = 6,
                      .stop_after_sentence = sentence,
                      .close_at_limit = true};
    if (sentence) stopping.stop_strings = {"</A>"};
    const BranchRules rules = Rules(stopping);
    BranchDraft draft(rules, 0);
    Say(draft, Bytes("abcdefghi"));
    const Branch open = draft.Take();
    EXPECT_EQ(open.text, "abcdef");
    EXPECT_EQ(open.finish, Finish::kLength);
  }
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
