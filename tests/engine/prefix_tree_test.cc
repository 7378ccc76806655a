#include "libs/engine/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "libs/engine/checkpoint.h"
#include "libs/engine/text_model.h"

namespace stagebeam::engine {
namespace {

using Tokens = std::vector<int32_t>;

// A tree of real keys and values.
class PrefixTreeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto checkpoint = Checkpoint::Open("models/reference");
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    auto model = TextModel::Load(**checkpoint, {.dtype = DType::kFloat32});
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = model->release();
  }
  static void TearDownTestSuite() {
    delete model_;
    model_ = nullptr;
  }

  static int64_t Bytes(int tokens) {
    return tokens * model_->bytes_per_token();
  }

  void MakeTree(int room_for_tokens) {
    budget_ = std::make_unique<KeyValueBudget>(Bytes(room_for_tokens));
    tree_ = std::make_unique<PrefixTree>(*budget_, model_->bytes_per_token());
  }
  void TearDown() override {
    tree_.reset();
    EXPECT_TRUE(budget_ == nullptr || budget_->used() == 0);
  }

  // Runs tokens from `held.length` on behind what is held; the logits of the
  // last one are left in logits_.
  std::unique_ptr<KeyValues> Compute(const Tokens& tokens,
                                     const PrefixTree::Match& held) {
    auto own =
        model_->MakeKeyValues(1, static_cast<int>(tokens.size()) - held.length);
    StepGroup group;
    for (const SegmentRef& segment : held.segments) {
      group.prefix.push_back(segment->key_values.get());
    }
    group.own = own.get();
    group.token_ids.assign(tokens.begin() + held.length, tokens.end());
    group.position = held.length;
    group.want_logits = true;
    auto logits = model_->Step({&group, 1});
    EXPECT_TRUE(logits.ok()) << logits.status();
    logits_ = logits->values;
    return own;
  }

  // Computes what is not held of `tokens` and keeps it; false without room.
  bool Keep(const std::string& root, const Tokens& tokens) {
    const PrefixTree::Match held = tree_->Find(root, tokens);
    const int rest = static_cast<int>(tokens.size()) - held.length;
    if (rest == 0) return true;
    if (!tree_->MakeRoom(Bytes(rest))) return false;
    auto segment = std::make_shared<Segment>();
    segment->lease = *Lease::Take(*budget_, Bytes(rest));
    segment->key_values = Compute(tokens, held);
    tree_->Insert(root, tokens, held.length, segment);
    return true;
  }

  int HeldLength(const std::string& root, const Tokens& tokens) {
    return tree_->Find(root, tokens).length;
  }

  static TextModel* model_;
  std::unique_ptr<KeyValueBudget> budget_;
  std::unique_ptr<PrefixTree> tree_;
  std::vector<float> logits_;
};

TextModel* PrefixTreeTest::model_ = nullptr;

TEST_F(PrefixTreeTest, WhatWasKeptIsFound) {
  MakeTree(100);
  EXPECT_EQ(HeldLength("", {1, 2, 3}), 0);
  ASSERT_TRUE(Keep("", {1, 2, 3}));
  EXPECT_EQ(HeldLength("", {1, 2, 3, 4}), 3);
  EXPECT_EQ(HeldLength("", {2, 3}), 0);
  EXPECT_EQ(HeldLength("picture", {1, 2, 3}), 0);
  EXPECT_EQ(budget_->used(), Bytes(3));
}

TEST_F(PrefixTreeTest, AMatchMayEndInsideASegment) {
  MakeTree(100);
  ASSERT_TRUE(Keep("", {1, 2, 3, 4, 5}));
  EXPECT_EQ(HeldLength("", {1, 2, 3, 9}), 3);
  EXPECT_EQ(tree_->size(), 2);
  EXPECT_EQ(HeldLength("", {1, 2, 3, 4, 5, 6}), 5);
  EXPECT_EQ(budget_->used(), Bytes(5));
}

TEST_F(PrefixTreeTest, ASplitSegmentComputesTheSame) {
  MakeTree(100);
  const Tokens tokens = {1024, 300, 301, 302, 303, 304, 305, 306};
  Compute(tokens, {});
  const std::vector<float> whole = logits_;
  ASSERT_TRUE(Keep("", {1024, 300, 301, 302, 303, 304, 305}));
  for (const int cut : {2, 5, 3}) {
    Tokens other(tokens.begin(), tokens.begin() + cut);
    other.push_back(7);
    EXPECT_EQ(HeldLength("", other), cut);
  }
  const PrefixTree::Match held = tree_->Find("", tokens);
  EXPECT_EQ(held.length, 7);
  EXPECT_EQ(held.segments.size(), 4u);
  Compute(tokens, held);
  for (size_t i = 0; i < whole.size(); ++i)
    ASSERT_NEAR(logits_[i], whole[i], 1e-4);
}

TEST_F(PrefixTreeTest, SequencesShareTheirBeginning) {
  MakeTree(100);
  ASSERT_TRUE(Keep("", {1, 2, 3, 4}));
  ASSERT_TRUE(Keep("", {1, 2, 5, 6}));
  EXPECT_EQ(budget_->used(), Bytes(6));
  EXPECT_EQ(HeldLength("", {1, 2, 3, 4}), 4);
  EXPECT_EQ(HeldLength("", {1, 2, 5, 6}), 4);
}

TEST_F(PrefixTreeTest, WhatTwoCallsComputedIsKeptOnce) {
  MakeTree(100);
  for (const Tokens& tokens :
       {Tokens{1, 2, 3}, Tokens{1, 2, 3, 4, 5}, Tokens{1, 2, 9}}) {
    auto segment = std::make_shared<Segment>();
    const int count = static_cast<int>(tokens.size());
    segment->lease = *Lease::Take(*budget_, Bytes(count));
    segment->key_values = Compute(tokens, {});
    tree_->Insert("", tokens, 0, segment);
  }
  EXPECT_EQ(budget_->used(), Bytes(6));
  EXPECT_EQ(HeldLength("", {1, 2, 3, 4, 5}), 5);
  EXPECT_EQ(HeldLength("", {1, 2, 9}), 3);
}

TEST_F(PrefixTreeTest, TheLeastRecentlyUsedLeafIsForgottenFirst) {
  MakeTree(9);
  ASSERT_TRUE(Keep("", {1, 2, 3}));
  ASSERT_TRUE(Keep("", {1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(Keep("", {7, 8, 9}));
  EXPECT_EQ(HeldLength("", {1}),
            1);  // The stem is in use: its leaf goes first.
  ASSERT_TRUE(Keep("x", {1, 2}));
  EXPECT_EQ(HeldLength("", {1, 2, 3, 4, 5, 6}), 3);
  EXPECT_EQ(HeldLength("", {7, 8, 9}), 3);
}

TEST_F(PrefixTreeTest, WhatSomebodyHoldsIsNotForgotten) {
  MakeTree(6);
  ASSERT_TRUE(Keep("", {1, 2, 3}));
  PrefixTree::Match held = tree_->Find("", Tokens{1, 2, 3});
  ASSERT_TRUE(Keep("", {7, 8, 9}));
  EXPECT_FALSE(tree_->MakeRoom(Bytes(4)));
  EXPECT_EQ(HeldLength("", {1, 2, 3}), 3);
  EXPECT_EQ(HeldLength("", {7, 8, 9}), 0);
  held.segments.clear();
  EXPECT_TRUE(tree_->MakeRoom(Bytes(6)));
  EXPECT_EQ(tree_->size(), 0);
}

TEST_F(PrefixTreeTest, ASegmentThatIsHeldIsSplitOnlyWhereACopyFits) {
  MakeTree(7);
  ASSERT_TRUE(Keep("", {1, 2, 3, 4}));
  PrefixTree::Match held = tree_->Find("", Tokens{1, 2, 3, 4});
  EXPECT_EQ(HeldLength("", {1, 2, 9}), 0);
  held.segments.clear();
  EXPECT_EQ(HeldLength("", {1, 2, 9}), 2);
}

TEST_F(PrefixTreeTest, WhatHangsOnForgottenTokensIsNotKept) {
  MakeTree(100);
  auto segment = std::make_shared<Segment>();
  segment->lease = *Lease::Take(*budget_, Bytes(2));
  segment->key_values = model_->MakeKeyValues(1, 2);
  tree_->Insert("", Tokens{1, 2, 3, 4}, 2, segment);
  EXPECT_EQ(tree_->size(), 0);
}

TEST_F(PrefixTreeTest, AnyHistoryKeepsItsAccounts) {
  MakeTree(60);
  std::mt19937 random(11);
  std::vector<PrefixTree::Match> holders;
  for (int round = 0; round < 400; ++round) {
    Tokens tokens(1 + random() % 20);
    for (int32_t& token : tokens) token = static_cast<int32_t>(random() % 2);
    const std::string root(1, static_cast<char>('a' + random() % 3));
    if (Keep(root, tokens) && random() % 4 == 0) {
      holders.push_back(tree_->Find(root, tokens));
    }
    if (holders.size() > 3) holders.erase(holders.begin());
    const PrefixTree::Match match = tree_->Find(root, tokens);
    int length = 0;
    for (const SegmentRef& segment : match.segments) {
      EXPECT_EQ(segment->lease.bytes(), Bytes(segment->key_values->length()));
      length += segment->key_values->length();
    }
    EXPECT_EQ(length, match.length);
    EXPECT_LE(budget_->used(), budget_->total());
  }
  holders.clear();
  EXPECT_TRUE(tree_->MakeRoom(Bytes(60)));
  EXPECT_EQ(budget_->used(), 0);
}

}  // namespace
}  // namespace stagebeam::engine
