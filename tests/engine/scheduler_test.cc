#include "libs/engine/scheduler.h"

#include <gtest/gtest.h>

#include "libs/engine/checkpoint.h"

namespace stagebeam::engine {
namespace {

// A scheduler whose picture head has a token that the model does not have, so
// that a step with a new picture fails.
class BrokenHead : public testing::Test {
 protected:
  void SetUp() override {
    auto checkpoint = Checkpoint::Open("models/reference");
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    auto model = TextModel::Load(**checkpoint, {.dtype = DType::kFloat32});
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    auto tokenizer = tokens::Tokenizer::Load("models/reference/tokenizer.json");
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_ = *std::move(tokenizer);
    SchedulerSetup setup;
    setup.model = model_.get();
    setup.tokenizer = tokenizer_.get();
    setup.image_id = 1040;
    setup.head = {1, 999999};
    setup.features = {.max_tiles = 4,
                      .rows_per_tile = 17,
                      .hidden_size = 192,
                      .vision_digest = "v"};
    setup.kv_bytes = setup.image_bytes = int64_t{1} << 24;
    setup.bytes_per_image = 100000;
    setup.max_waiting_calls = setup.max_running_branches = 8;
    setup.prefill_chunk = 64;
    setup.max_stall = absl::Seconds(1);
    setup.threads = 1;
    scheduler_ = std::make_unique<Scheduler>(setup);
  }

  static CallRequest TextCall() {
    CallRequest request;
    request.prompts = {{.prompt_token_ids = {1, 2, 3, 4}, .branch_count = 2}};
    request.stopping.max_new_tokens = 4;
    return request;
  }

  static CallRequest PictureCall() {
    CallRequest request = TextCall();
    request.head_length = 2;
    request.image =
        ImagePrompt{.key = "picture", .load = []() -> absl::StatusOr<Features> {
                      Features features;
                      features.tile_count = 1;
                      features.rows_per_tile = 17;
                      features.hidden_size = 192;
                      features.stored_tile_count = 4;
                      features.vision_digest = "v";
                      features.owner = std::make_shared<const std::string>(
                          4 * 17 * 192 * 4, '\0');
                      features.payload = *features.owner;
                      return features;
                    }};
    return request;
  }

  std::unique_ptr<TextModel> model_;
  std::unique_ptr<tokens::Tokenizer> tokenizer_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(BrokenHead, AStepThatFailsEndsItsCallsAndNothingElse) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(scheduler_->Run(PictureCall()).ok());
    const auto text = scheduler_->Run(TextCall());
    EXPECT_TRUE(text.ok()) << text.status();
  }
}

TEST_F(BrokenHead, ALoadThatThrowsIsAnError) {
  CallRequest request = PictureCall();
  request.image->load = []() -> absl::StatusOr<Features> {
    throw std::runtime_error("no disk");
  };
  const auto result = scheduler_->Run(request);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(result.status().message(), "features: no disk");
}

}  // namespace
}  // namespace stagebeam::engine
