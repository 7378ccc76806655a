#include "libs/engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>

namespace stagebeam::engine {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// How often each token is drawn when the random number sweeps [0, 1).
std::map<int32_t, double> Sweep(const std::vector<float>& logits,
                                const DrawRules& rules,
                                const std::vector<int32_t>& masked = {},
                                int draws = 4000) {
  Sampler sampler;
  std::map<int32_t, double> frequencies;
  for (int i = 0; i < draws; ++i) {
    const auto token = sampler.Draw(logits, masked, rules, (i + 0.5) / draws);
    EXPECT_TRUE(token.ok());
    frequencies[token->id] += 1.0 / draws;
  }
  return frequencies;
}

// What Hugging Face's warpers keep, written out over a full sort.
std::map<int32_t, double> Expected(const std::vector<float>& logits,
                                   const DrawRules& rules) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
  if (rules.top_k > 0 && rules.top_k < static_cast<int>(order.size())) {
    order.resize(rules.top_k);
  }
  double total = 0;
  std::map<int32_t, double> weights;
  for (const int32_t id : order) {
    weights[id] = std::exp(logits[id] / rules.temperature);
    total += weights[id];
  }
  std::map<int32_t, double> kept;
  double larger = 0, kept_total = 0;
  for (const int32_t id : order) {
    if (!kept.empty() && larger >= rules.top_p * total) break;
    kept[id] = weights[id];
    kept_total += weights[id];
    larger += weights[id];
  }
  for (auto& [id, weight] : kept) weight /= kept_total;
  return kept;
}

std::vector<float> RandomLogits(int count, int seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

TEST(Sampler, TemperatureZeroTakesTheLikeliest) {
  Sampler sampler;
  const auto token = sampler.Draw(std::vector<float>{0, 3, 1}, {}, {}, 0.99);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->id, 1);
}

TEST(Sampler, ATakenTokenHasItsOwnProbability) {
  const std::vector<float> logits = RandomLogits(100, 1, 2);
  const auto drawn = Sampler().Draw(logits, {}, {}, 0.5);
  ASSERT_TRUE(drawn.ok());
  const auto taken = TakeToken(logits, drawn->id);
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->id, drawn->id);
  EXPECT_EQ(taken->logprob, drawn->logprob);
}

TEST(Sampler, ATokenThatTheLogitsLackCannotBeTaken) {
  const std::vector<float> logits = {0, kMinusInfinity, 1};
  for (const int32_t id : {-1, 1, 3})
    EXPECT_TRUE(absl::IsInternal(TakeToken(logits, id).status())) << id;
  EXPECT_FALSE(TakeToken({}, 0).ok());
  EXPECT_FALSE(TakeToken(std::vector<float>{0, NAN}, 0).ok());
}

TEST(Sampler, OfEqualLogitsTheLowerIdComesFirst) {
  Sampler sampler;
  const std::vector<float> logits = {1, 2, 2, 2, 1};
  EXPECT_EQ(sampler.Draw(logits, {}, {}, 0)->id, 1);
  EXPECT_EQ(Sweep(logits, {.temperature = 1, .top_k = 2}).size(), 2u);
  EXPECT_EQ(Sweep(logits, {.temperature = 1, .top_k = 2}).rbegin()->first, 2);
}

TEST(Sampler, DrawsFollowTheFilteredDistribution) {
  const std::vector<DrawRules> rules = {
      {.temperature = 1, .top_k = 0, .top_p = 1},
      {.temperature = 0.6, .top_k = 50, .top_p = 0.9},
      {.temperature = 2, .top_k = 3, .top_p = 1},
      {.temperature = 1.3, .top_k = 0, .top_p = 0.5},
      {.temperature = 0.6, .top_k = 5, .top_p = 0.7}};
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::vector<float> logits = RandomLogits(100, static_cast<int>(i), 2);
    const auto expected = Expected(logits, rules[i]);
    const auto drawn = Sweep(logits, rules[i]);
    for (const auto& [id, share] : drawn) {
      ASSERT_TRUE(expected.contains(id)) << "rules " << i << ", token " << id;
      EXPECT_NEAR(share, expected.at(id), 1e-3)
          << "rules " << i << ", token " << id;
    }
  }
}

TEST(Sampler, TheNucleusMayBeNearlyEverything) {
  const std::vector<float> logits = RandomLogits(5000, 3, 0.01f);
  const DrawRules rules{.temperature = 1, .top_k = 0, .top_p = 0.9};
  const auto expected = Expected(logits, rules);
  ASSERT_GT(expected.size(), 4000u);
  for (const auto& [id, share] : Sweep(logits, rules, {}, 200)) {
    EXPECT_TRUE(expected.contains(id)) << id;
  }
}

TEST(Sampler, ATokenLeavesTheNucleusWhenLargerOnesSumToTopP) {
  // Shares 0.5, 0.25, 0.25: the first two reach 0.75 exactly.
  const std::vector<float> logits = {std::log(2.0f), 0, 0};
  EXPECT_EQ(Sweep(logits, {.temperature = 1, .top_p = 0.7}).size(), 2u);
  EXPECT_EQ(Sweep(logits, {.temperature = 1, .top_p = 0.8}).size(), 3u);
  EXPECT_EQ(Sweep(logits, {.temperature = 1, .top_p = 1e-9}).size(), 1u);
}

TEST(Sampler, MaskedTokensAreNeverDrawn) {
  const auto drawn = Sweep({5, 1, 1}, {.temperature = 1}, {0});
  EXPECT_FALSE(drawn.contains(0));
  EXPECT_NEAR(drawn.at(1), 0.5, 1e-3);
  Sampler sampler;
  EXPECT_EQ(
      sampler.Draw(std::vector<float>{5, 1, 2}, std::vector<int32_t>{0}, {}, 0)
          ->id,
      2);
}

TEST(Sampler, LogprobIsOfTheUnscaledWholeDistribution) {
  Sampler sampler;
  const std::vector<float> logits = {1, 2, 3};
  const double total = std::exp(1.0) + std::exp(2.0) + std::exp(3.0);
  const auto greedy = sampler.Draw(logits, {}, {}, 0);
  EXPECT_NEAR(greedy->logprob, std::log(std::exp(3.0) / total), 1e-6);
  const auto drawn =
      sampler.Draw(logits, std::vector<int32_t>{2},
                   {.temperature = 0.1, .top_k = 1, .top_p = 0.5}, 0.5);
  EXPECT_EQ(drawn->id, 1);
  EXPECT_NEAR(drawn->logprob, std::log(std::exp(2.0) / total), 1e-6);
}

TEST(Sampler, LargeLogitsDoNotOverflow) {
  Sampler sampler;
  const auto token = sampler.Draw(std::vector<float>{3e38f, -3e38f, 0}, {},
                                  {.temperature = 0.01}, 0.5);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->id, 0);
  EXPECT_EQ(token->logprob, 0);
}

TEST(Sampler, ImpossibleTokensAreNeverDrawn) {
  const auto drawn =
      Sweep({kMinusInfinity, 0, kMinusInfinity}, {.temperature = 1});
  EXPECT_EQ(drawn.size(), 1u);
}

TEST(Sampler, NumbersThatAreNotFiniteAreAnError) {
  Sampler sampler;
  for (const float bad : {NAN, -kMinusInfinity}) {
    const auto token = sampler.Draw(std::vector<float>{0, bad, 1}, {},
                                    {.temperature = 1}, 0.5);
    EXPECT_EQ(token.status().code(), absl::StatusCode::kInternal);
  }
  const std::vector<float> none(3, kMinusInfinity);
  EXPECT_EQ(sampler.Draw(none, {}, {}, 0.5).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace stagebeam::engine
