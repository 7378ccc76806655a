#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "tests/engine/engine_world.h"

// A candidate depends on its seed and stream, not on who is computed beside it.
namespace stagebeam::engine {
namespace {

constexpr char kQuestion[] = "How many circles are there?";

// The 8 branches of `together`, each sampled by a call of its own.
std::vector<std::vector<int32_t>> SampledAlone(Engine& engine,
                                               const GenerateCall& together) {
  std::vector<std::vector<int32_t>> alone;
  for (int i = 0; i < together.prompts.front().branch_count; ++i) {
    GenerateCall one = together;
    one.prompts.front().branch_count = 1;
    one.prompts.front().first_stream = i;
    alone.push_back(TokensOf(MustGenerate(engine, one)).front());
  }
  return alone;
}

bool AreDistinct(std::vector<std::vector<int32_t>> branches) {
  std::sort(branches.begin(), branches.end());
  return std::adjacent_find(branches.begin(), branches.end()) == branches.end();
}

TEST(SampledTogether, EightBranchesEqualEightCallsOfOne) {
  const auto engine = LoadEngine();
  for (const bool with_image : {true, false}) {
    std::optional<ImagePrompt> image;
    if (with_image) image = RandomImage(*engine, 1);
    GenerateCall call = Ask(*engine, kQuestion, image, 8, 48);
    call.stopping.stop_strings = {"</CAPTION>"};
    const auto together = TokensOf(MustGenerate(*engine, call));
    EXPECT_TRUE(AreDistinct(together));
    EXPECT_EQ(SampledAlone(*engine, call), together);
    // Without anything left over from the calls before.
    EXPECT_EQ(SampledAlone(*LoadEngine(), call), together);
  }
}

TEST(SampledTogether, ABusyBatchChangesNothing) {
  const auto engine = LoadEngine();
  std::vector<GenerateCall> calls;
  for (int i = 0; i < 6; ++i) {
    std::optional<ImagePrompt> image;
    if (i % 3 != 2) image = RandomImage(*engine, i);
    calls.push_back(Ask(*engine, kQuestion + std::string(i, '!'), image,
                        1 + 7 * (i % 2), 40));
    calls.back().sampling.seed = i;
    calls.back().stopping.min_new_tokens = 10 + 5 * i;
  }
  std::vector<std::vector<std::vector<int32_t>>> quiet;
  for (const GenerateCall& call : calls)
    quiet.push_back(TokensOf(MustGenerate(*engine, call)));

  EngineOptions options = ReferenceOptions();
  options.prefill_chunk = 7;  // Prompts are computed while others are sampled.
  const auto busy_engine = LoadEngine(options);
  std::vector<std::vector<std::vector<int32_t>>> busy(calls.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < calls.size(); ++i) {
    threads.emplace_back(
        [&, i] { busy[i] = TokensOf(MustGenerate(*busy_engine, calls[i])); });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < calls.size(); ++i)
    EXPECT_EQ(busy[i], quiet[i]) << "call " << i;
}

TEST(SampledTogether, SeveralPromptsOfACallEqualCallsOfTheirOwn) {
  const auto engine = LoadEngine();
  GenerateCall call =
      Ask(*engine, "What is shown? First", RandomImage(*engine, 3), 2, 20);
  PromptBranches second = call.prompts.front();
  second.prompt_token_ids =
      engine->chat().Prompt("What is shown? Second", true);
  second.first_stream = 5;
  call.prompts.push_back(second);
  const GenerateOutput both = MustGenerate(*engine, call);
  ASSERT_EQ(both.branches.size(), 2u);
  for (int p = 0; p < 2; ++p) {
    GenerateCall one = call;
    one.prompts = {call.prompts[p]};
    const auto alone = TokensOf(MustGenerate(*LoadEngine(), one));
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(both.branches[p][i].token_ids, alone[i]);
  }
}

TEST(SampledTogether, TheSeedAndTheStageMatter) {
  const auto engine = LoadEngine();
  GenerateCall call = Ask(*engine, kQuestion, RandomImage(*engine, 1), 4, 24);
  const auto first = TokensOf(MustGenerate(*engine, call));
  EXPECT_EQ(TokensOf(MustGenerate(*engine, call)), first);
  call.sampling.stage_index = 1;
  EXPECT_NE(TokensOf(MustGenerate(*engine, call)), first);
  call.sampling.stage_index = 0;
  call.sampling.seed = 99;
  EXPECT_NE(TokensOf(MustGenerate(*engine, call)), first);
}

TEST(SampledTogether, ThePictureMatters) {
  const auto engine = LoadEngine();
  GenerateCall call = Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 40);
  call.sampling.temperature = 0;
  call.want_token_logprobs = true;
  const Branch one = MustGenerate(*engine, call).branches[0][0];
  call.image = RandomImage(*engine, 2);
  const Branch other = MustGenerate(*engine, call).branches[0][0];
  EXPECT_NE(one.token_logprobs, other.token_logprobs);
}

TEST(SampledTogether, ABranchTellsItsTextAndItsProbability) {
  const auto engine = LoadEngine();
  GenerateCall call = Ask(*engine, kQuestion, RandomImage(*engine, 1), 4, 30);
  call.want_token_logprobs = true;
  const GenerateOutput output = MustGenerate(*engine, call);
  int generated = 0;
  for (const Branch& branch : output.branches.front()) {
    EXPECT_EQ(branch.text, engine->tokenizer().Decode(branch.token_ids));
    ASSERT_EQ(branch.token_logprobs.size(), branch.token_ids.size());
    EXPECT_NEAR(std::accumulate(branch.token_logprobs.begin(),
                                branch.token_logprobs.end(), 0.0),
                branch.logprob, 1e-4);
    generated += static_cast<int>(branch.token_ids.size());
  }
  EXPECT_EQ(output.usage.generated_token_count, generated);
  EXPECT_GE(output.usage.queue_time, absl::ZeroDuration());
  EXPECT_GE(output.usage.prefill_time, absl::ZeroDuration());
  EXPECT_GE(output.usage.decode_time, absl::ZeroDuration());
}

TEST(SampledTogether, BeforeTheMinimumNoTurnEnds) {
  const auto engine = LoadEngine();
  GenerateCall call = Ask(*engine, kQuestion, std::nullopt, 1, 600);
  call.sampling.temperature = 0;
  const GenerateOutput free = MustGenerate(*engine, call);
  ASSERT_EQ(free.branches[0][0].finish, Finish::kEndOfTurn);
  const int length = static_cast<int>(free.branches[0][0].token_ids.size());
  call.stopping.min_new_tokens = length + 5;
  call.stopping.max_new_tokens = length + 10;
  const GenerateOutput forced = MustGenerate(*engine, call);
  EXPECT_GE(forced.branches[0][0].token_ids.size(), length + 5u);
}

}  // namespace
}  // namespace stagebeam::engine
