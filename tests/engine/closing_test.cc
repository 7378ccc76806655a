#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/engine_world.h"

// Branches that are closed at their limit, on the model.
namespace stagebeam::engine {
namespace {

constexpr char kQuestion[] = "How many circles are there?";
constexpr char kClosing[] = "</SUMMARY>";

// A call whose branches all run into their limit of `tokens`.
GenerateCall Endless(const Engine& engine, int branches, int tokens) {
  GenerateCall call =
      Ask(engine, kQuestion, RandomImage(engine, 1), branches, tokens);
  call.stopping.stop_strings = {kClosing};
  call.stopping.min_new_tokens = tokens;
  call.stopping.close_at_limit = true;
  return call;
}

TEST(Closing, EveryBranchIsExactlySoLongAndClosed) {
  const auto engine = LoadEngine();
  const GenerateOutput output = MustGenerate(*engine, Endless(*engine, 8, 48));
  for (const Branch& branch : output.branches.front()) {
    EXPECT_EQ(branch.token_ids.size(), 48u);
    EXPECT_TRUE(branch.text.ends_with(kClosing)) << branch.text;
    EXPECT_EQ(branch.finish, Finish::kStopString);
  }
  EXPECT_EQ(output.usage.generated_token_count, 8 * 48);
}

TEST(Closing, WhatComesBeforeItIsAsWithoutIt) {
  const auto engine = LoadEngine();
  GenerateCall call = Endless(*engine, 4, 48);
  const auto closed = TokensOf(MustGenerate(*engine, call));
  call.stopping.close_at_limit = false;
  const auto open = TokensOf(MustGenerate(*engine, call));
  const size_t closing = engine->tokenizer().Encode(kClosing).size();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(std::vector(closed[i].begin(), closed[i].end() - closing),
              std::vector(open[i].begin(), open[i].end() - closing));
  }
}

TEST(Closing, ABranchStillDependsOnItsSeedAlone) {
  const auto engine = LoadEngine();
  GenerateCall call = Endless(*engine, 6, 40);
  call.stopping.min_new_tokens = 0;
  const auto together = TokensOf(MustGenerate(*engine, call));
  for (int i = 0; i < 6; ++i) {
    GenerateCall one = call;
    one.prompts.front().branch_count = 1;
    one.prompts.front().first_stream = i;
    EXPECT_EQ(TokensOf(MustGenerate(*LoadEngine(), one)).front(), together[i]);
  }
}

// Natural log of the probability of `token` after `prompt`, from the
// likeliest token's and their ratio.
double LogprobAfter(Engine& engine, GenerateCall prompt, int32_t token) {
  prompt.sampling.temperature = 0;
  prompt.stopping = {.stop_strings = {}, .max_new_tokens = 1};
  const Branch likeliest = MustGenerate(engine, prompt).branches[0][0];
  ScoreCall score;
  score.image = prompt.image;
  score.prompts = {prompt.prompts.front().prompt_token_ids};
  score.choices = {token, likeliest.token_ids.front()};
  const auto output = engine.Score(score);
  if (!output.ok()) {
    ADD_FAILURE() << output.status();
    return 0;
  }
  const std::vector<double>& probabilities = output->probabilities.front();
  return likeliest.logprob + std::log(probabilities[0] / probabilities[1]);
}

TEST(Closing, ItsTokensHaveTheModelsOwnProbability) {
  const auto engine = LoadEngine();
  GenerateCall call = Endless(*engine, 1, 20);
  call.want_token_logprobs = true;
  const Branch branch = MustGenerate(*engine, call).branches[0][0];
  const auto closing = engine->tokenizer().Encode(kClosing);
  for (size_t i = 20 - closing.size(); i < 20; ++i) {
    const std::vector<int32_t> said(branch.token_ids.begin(),
                                    branch.token_ids.begin() + i);
    EXPECT_NEAR(
        LogprobAfter(*engine, Continue(call, said), branch.token_ids[i]),
        branch.token_logprobs[i], 1e-3);
  }
}

TEST(Closing, TheNextStageGoesOnFromTheClosingTokens) {
  const auto engine = LoadEngine();
  const GenerateCall call = Endless(*engine, 2, 32);
  const auto tokens = TokensOf(MustGenerate(*engine, call)).front();
  GenerateCall next = Continue(call, tokens);
  next.want_token_logprobs = true;
  const GenerateOutput held = MustGenerate(*engine, next);
  const GenerateOutput fresh = MustGenerate(*LoadEngine(), next);
  EXPECT_EQ(TokensOf(held), TokensOf(fresh));
  EXPECT_NEAR(held.branches[0][0].logprob, fresh.branches[0][0].logprob, 1e-3);
  // All but the last token, which no step had seen.
  EXPECT_EQ(held.usage.reused_token_count, held.usage.prompt_token_count - 1);
}

}  // namespace
}  // namespace stagebeam::engine
