#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "libs/engine/checkpoint.h"
#include "libs/engine/text_model.h"
#include "tests/engine/engine_world.h"

// The engine against the model run by hand, one prompt at a time and in one
// piece.
namespace stagebeam::engine {
namespace {

class ScoreTest : public testing::Test {
 protected:
  void SetUp() override {
    engine_ = LoadEngine();
    auto checkpoint = Checkpoint::Open("models/reference");
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    auto model = TextModel::Load(**checkpoint, {.dtype = DType::kFloat32});
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
  }

  // Logits of the prompt's last token.
  std::vector<float> NextLogits(const std::vector<int32_t>& prompt,
                                int image_seed) {
    const size_t head_length = engine_->chat().head().size();
    const Features features = RandomFeatures(*engine_, image_seed);
    auto image =
        model_->MakeImageKeyValues(features.payload, features.dtype, 4, 17);
    EXPECT_TRUE(image.ok()) << image.status();
    const auto own = model_->MakeKeyValues(1, static_cast<int>(prompt.size()));
    StepGroup head{.prefix = {},
                   .own = own.get(),
                   .image = image->get(),
                   .before_image = true,
                   .token_ids = {prompt.begin(), prompt.begin() + head_length}};
    EXPECT_TRUE(model_->Step({&head, 1}).ok());
    (*image)->KeepTiles(features.tile_count);
    StepGroup rest{.prefix = {},
                   .own = own.get(),
                   .image = image->get(),
                   .token_ids = {prompt.begin() + head_length, prompt.end()},
                   .position = static_cast<int>(head_length),
                   .want_logits = true};
    auto logits = model_->Step({&rest, 1});
    EXPECT_TRUE(logits.ok()) << logits.status();
    return logits->values;
  }

  ScoreCall Judge(int image_seed) {
    const std::string question =
        "Judge two candidates for the summary of a long question. ";
    ScoreCall call;
    call.image = RandomImage(*engine_, image_seed);
    for (const char* pair :
         {"Response 1: a circle. Response 2: a square.",
          "Response 1: a square. Response 2: a circle.",
          "Response 1: a circle. Response 2: nothing.", "?"}) {
      call.prompts.push_back(engine_->chat().Prompt(question + pair, true));
    }
    call.prompts.push_back(call.prompts.front());
    for (const char* choice : {"1", "2", "a"}) {
      call.choices.push_back(engine_->tokenizer().Encode(choice).front());
    }
    return call;
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<TextModel> model_;
};

TEST_F(ScoreTest, ProbabilitiesAreTheSoftmaxOfTheNextLogitsOverTheChoices) {
  const ScoreCall call = Judge(4);
  const auto output = engine_->Score(call);
  ASSERT_TRUE(output.ok()) << output.status();
  ASSERT_EQ(output->probabilities.size(), call.prompts.size());
  for (size_t p = 0; p < call.prompts.size(); ++p) {
    const std::vector<float> logits = NextLogits(call.prompts[p], 4);
    double total = 0;
    for (const int32_t id : call.choices) total += std::exp(logits[id]);
    for (size_t c = 0; c < call.choices.size(); ++c) {
      EXPECT_NEAR(output->probabilities[p][c],
                  std::exp(logits[call.choices[c]]) / total, 1e-4)
          << "prompt " << p << ", choice " << c;
    }
  }
}

TEST_F(ScoreTest, TheBeginningThatPromptsShareIsComputedOnce) {
  const ScoreCall call = Judge(5);
  size_t total = 0, shortest = call.prompts[3].size();
  for (const auto& prompt : call.prompts) total += prompt.size();
  const auto output = engine_->Score(call);
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->usage.prompt_token_count, static_cast<int>(total));
  // All but the last prompt's pieces begin alike for nearly the shortest one.
  EXPECT_GE(output->usage.reused_token_count,
            4 * static_cast<int>(shortest - 12));
  const auto again = engine_->Score(call);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->usage.prompt_token_count - again->usage.reused_token_count,
            static_cast<int>(call.prompts.size()));
}

TEST_F(ScoreTest, GreedyTokensAreTheLikeliestOfTheModelRunByHand) {
  GenerateCall call = Ask(*engine_, "How many digits are even?",
                          RandomImage(*engine_, 6), 1, 12);
  call.sampling.temperature = 0;
  call.want_token_logprobs = true;
  const Branch branch = MustGenerate(*engine_, call).branches[0][0];
  std::vector<int32_t> sequence = call.prompts[0].prompt_token_ids;
  for (size_t i = 0; i < branch.token_ids.size(); ++i) {
    const std::vector<float> logits = NextLogits(sequence, 6);
    const auto top = std::max_element(logits.begin(), logits.end());
    EXPECT_EQ(branch.token_ids[i], top - logits.begin()) << "token " << i;
    double total = 0;
    for (const float logit : logits) total += std::exp(logit - *top);
    EXPECT_NEAR(branch.token_logprobs[i], -std::log(total), 1e-3);
    sequence.push_back(branch.token_ids[i]);
  }
}

}  // namespace
}  // namespace stagebeam::engine
