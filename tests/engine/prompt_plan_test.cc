#include "libs/engine/prompt_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace stagebeam::engine {
namespace {

using testing::ElementsAre;

using Prompts = std::vector<std::vector<int32_t>>;

std::vector<PrefillRun> Plan(const Prompts& prompts,
                             std::vector<int> held = {}) {
  held.resize(prompts.size(), 0);
  return PlanPrefill({prompts.begin(), prompts.end()}, held);
}

std::vector<int32_t> Tokens(int32_t first, int count) {
  std::vector<int32_t> tokens;
  for (int i = 0; i < count; ++i) tokens.push_back(first + i);
  return tokens;
}

std::vector<int32_t> Join(std::vector<int32_t> front,
                          const std::vector<int32_t>& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

// The tokens that a prompt's runs compute, in front of them what is held.
std::vector<int32_t> Assemble(const Prompts& prompts,
                              const std::vector<PrefillRun>& runs, int last,
                              int held) {
  std::vector<int> chain;
  for (int r = last; r >= 0; r = runs[r].parent) chain.insert(chain.begin(), r);
  std::vector<int32_t> tokens(prompts[runs[last].prompt].begin(),
                              prompts[runs[last].prompt].begin() + held);
  for (const int r : chain) {
    EXPECT_EQ(runs[r].begin, static_cast<int>(tokens.size()));
    const auto& prompt = prompts[runs[r].prompt];
    tokens.insert(tokens.end(), prompt.begin() + runs[r].begin,
                  prompt.begin() + runs[r].end);
  }
  return tokens;
}

TEST(PromptPlan, OnePromptIsOneRun) {
  const auto runs = Plan({{1, 2, 3}});
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].end - runs[0].begin, 3);
  EXPECT_TRUE(runs[0].last);
}

TEST(PromptPlan, ACommonBeginningIsComputedOnce) {
  const auto stem = Tokens(100, 40);
  const auto runs =
      Plan({Join(stem, {1, 2}), Join(stem, {3, 4, 5}), Join(stem, {3, 9})});
  EXPECT_EQ(PlannedTokens(runs), 40 + 2 + 3 + 2);
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_FALSE(runs[0].last);
  for (int r = 1; r < 4; ++r) EXPECT_EQ(runs[r].parent, 0);
}

TEST(PromptPlan, BeginningsOfAFewPromptsAreSharedToo) {
  const auto stem = Tokens(100, 20), left = Tokens(200, 30),
             right = Tokens(300, 25);
  const auto runs =
      Plan({Join(Join(stem, left), {1}), Join(Join(stem, right), {2}),
            Join(Join(stem, left), {3}), Join(Join(stem, right), {4})});
  EXPECT_EQ(PlannedTokens(runs), 20 + 30 + 25 + 4);
}

TEST(PromptPlan, EqualPromptsHaveALastTokenEach) {
  const auto prompt = Tokens(1, 50);
  const auto runs = Plan({prompt, prompt, prompt});
  EXPECT_EQ(PlannedTokens(runs), 49 + 3);
}

TEST(PromptPlan, ShortCommonBeginningsAreNotWorthAStep) {
  EXPECT_EQ(Plan({{1, 2, 3}, {1, 2, 4}}).size(), 2u);
}

TEST(PromptPlan, WhatIsHeldIsNotComputed) {
  const auto stem = Tokens(100, 40);
  const auto runs = Plan({Join(stem, {1, 2}), Join(stem, {1, 2, 3})}, {41, 40});
  EXPECT_EQ(PlannedTokens(runs), 1 + 3);
}

TEST(PromptPlan, AnyPlanAssemblesItsPrompts) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    Prompts prompts(1 + random() % 8);
    for (auto& prompt : prompts) {
      // Runs of equal tokens, so that prompts share beginnings of any length.
      for (int part = 1 + random() % 4; part > 0; --part) {
        prompt.insert(prompt.end(), 1 + random() % 30,
                      static_cast<int32_t>(random() % 2));
      }
    }
    std::vector<int> held;
    for (const auto& prompt : prompts) held.push_back(random() % prompt.size());
    const auto runs = Plan(prompts, held);
    std::set<int> ended;
    for (size_t r = 0; r < runs.size(); ++r) {
      EXPECT_LT(runs[r].parent, static_cast<int>(r));
      EXPECT_LT(runs[r].begin, runs[r].end);
      if (!runs[r].last) continue;
      const int p = runs[r].prompt;
      EXPECT_EQ(Assemble(prompts, runs, static_cast<int>(r), held[p]),
                prompts[p]);
      EXPECT_TRUE(ended.insert(p).second);
    }
    EXPECT_EQ(ended.size(), prompts.size());
  }
}

TEST(FairShare, NobodyGetsMoreThanTheyWant) {
  EXPECT_THAT(ShareFairly({3, 100, 5}, 256), ElementsAre(3, 100, 5));
}

TEST(FairShare, WhatSomeDoNotWantGoesToTheOthers) {
  EXPECT_THAT(ShareFairly({4, 100, 100}, 64), ElementsAre(4, 30, 30));
}

TEST(FairShare, TheFirstMovesEvenWhenThereIsLittle) {
  EXPECT_THAT(ShareFairly({50, 1, 1}, 1), ElementsAre(1, 0, 0));
  EXPECT_THAT(ShareFairly({50, 50, 50}, 4), ElementsAre(2, 1, 1));
}

TEST(FairShare, NobodyWantsAnything) {
  EXPECT_THAT(ShareFairly({0, 0}, 10), ElementsAre(0, 0));
  EXPECT_THAT(ShareFairly({}, 10), ElementsAre());
}

}  // namespace
}  // namespace stagebeam::engine
