#include "libs/engine/call_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace stagebeam::engine {
namespace {

constexpr int32_t kImage = 40;

CallLimits Limits() {
  CallLimits limits;
  limits.prompt_ids = 48;
  limits.logit_ids = 40;
  limits.image_id = kImage;
  limits.head = {1, 2};
  limits.max_context = 100;
  limits.max_new_tokens = 50;
  limits.max_running_branches = 16;
  limits.bytes_per_token = 10;
  limits.kv_bytes = 5000;
  limits.bytes_per_image = 100;
  limits.image_bytes = 1000;
  return limits;
}

ImagePrompt Picture() {
  return {.key = "k",
          .load = [] { return absl::StatusOr<Features>(Features()); }};
}

GenerateCall GoodCall() {
  GenerateCall call;
  call.prompts = {{.prompt_token_ids = {1, 2, 3, 4, 5}, .branch_count = 2}};
  call.stopping.max_new_tokens = 10;
  return call;
}

ScoreCall GoodScore() {
  ScoreCall call;
  call.prompts = {{1, 2, 3}, {1, 2, 4}};
  call.choices = {7, 8};
  return call;
}

TEST(CallCheck, AGoodCallPasses) {
  const auto request = CheckCall(GoodCall(), Limits());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->head_length, 0);
  EXPECT_EQ(request->stopping.max_new_tokens, 10);
  EXPECT_TRUE(CheckCall(GoodScore(), Limits()).ok());
}

TEST(CallCheck, APicturePromptBeginsWithTheHead) {
  GenerateCall call = GoodCall();
  call.image = Picture();
  call.prompts[0].prompt_token_ids = {1, 2, kImage, 4};
  const auto request = CheckCall(call, Limits());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->head_length, 2);
  for (const std::vector<int32_t>& bad :
       std::vector<std::vector<int32_t>>{{1, 2, 4},
                                         {1, kImage, 4},
                                         {1, 3, kImage},
                                         {1, 2, kImage, kImage},
                                         {1, 2}}) {
    call.prompts[0].prompt_token_ids = bad;
    EXPECT_EQ(CheckCall(call, Limits()).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(CallCheck, NoLimitOnNewTokensMeansAsManyAsThereIsRoomFor) {
  GenerateCall call = GoodCall();
  call.stopping.max_new_tokens = 0;
  EXPECT_EQ(CheckCall(call, Limits())->stopping.max_new_tokens, 50);
  call.prompts[0].prompt_token_ids.resize(70, 3);
  EXPECT_EQ(CheckCall(call, Limits())->stopping.max_new_tokens, 30);
  call.prompts[0].prompt_token_ids.resize(100, 3);
  EXPECT_EQ(CheckCall(call, Limits()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CallCheck, OverTheContextBothNumbersAreNamed) {
  GenerateCall call = GoodCall();
  call.prompts[0].prompt_token_ids.resize(91, 3);
  const absl::Status status = CheckCall(call, Limits()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("91"), std::string::npos) << status;
  EXPECT_NE(status.message().find("100"), std::string::npos) << status;
}

TEST(CallCheck, EveryFieldOutOfRangeIsNamed) {
  const std::vector<std::pair<std::string, std::function<void(GenerateCall&)>>>
      spoilers = {
          {"temperature",
           [](GenerateCall& c) { c.sampling.temperature = NAN; }},
          {"temperature",
           [](GenerateCall& c) { c.sampling.temperature = -0.1; }},
          {"temperature",
           [](GenerateCall& c) { c.sampling.temperature = 2.1; }},
          {"top_p", [](GenerateCall& c) { c.sampling.top_p = 0; }},
          {"top_p", [](GenerateCall& c) { c.sampling.top_p = NAN; }},
          {"top_p", [](GenerateCall& c) { c.sampling.top_p = INFINITY; }},
          {"top_k", [](GenerateCall& c) { c.sampling.top_k = -1; }},
          {"stage_index", [](GenerateCall& c) { c.sampling.stage_index = -1; }},
          {"stop_strings",
           [](GenerateCall& c) { c.stopping.stop_strings.resize(9, "x"); }},
          {"max_new_tokens",
           [](GenerateCall& c) { c.stopping.max_new_tokens = -1; }},
          {"max_new_tokens",
           [](GenerateCall& c) { c.stopping.max_new_tokens = 51; }},
          {"min_new_tokens",
           [](GenerateCall& c) { c.stopping.min_new_tokens = -1; }},
          {"min_new_tokens",
           [](GenerateCall& c) { c.stopping.min_new_tokens = 11; }},
          {"branch_count",
           [](GenerateCall& c) { c.prompts[0].branch_count = 0; }},
          {"branch_count",
           [](GenerateCall& c) { c.prompts[0].branch_count = 65; }},
          {"first_stream",
           [](GenerateCall& c) { c.prompts[0].first_stream = -1; }},
          {"prompts", [](GenerateCall& c) { c.prompts.clear(); }},
          {"prompt_token_ids",
           [](GenerateCall& c) { c.prompts[0].prompt_token_ids.clear(); }},
          {"prompt_token_ids",
           [](GenerateCall& c) { c.prompts[0].prompt_token_ids[1] = 48; }},
          {"prompt_token_ids",
           [](GenerateCall& c) { c.prompts[0].prompt_token_ids[1] = -1; }},
          {"prompt_token_ids",
           [](GenerateCall& c) { c.prompts[0].prompt_token_ids[1] = kImage; }},
          {"image.key",
           [](GenerateCall& c) { c.image = Picture(), c.image->key = ""; }},
          {"image.load", [](GenerateCall& c) {
             c.image = Picture(), c.image->load = nullptr;
           }}};
  for (const auto& [field, spoil] : spoilers) {
    GenerateCall call = GoodCall();
    spoil(call);
    const absl::Status status = CheckCall(call, Limits()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_NE(std::string(status.message()).find(field), std::string::npos)
        << status;
  }
}

TEST(CallCheck, AScoreNeedsChoicesThatTheModelHas) {
  for (const std::vector<int32_t>& bad :
       std::vector<std::vector<int32_t>>{{}, {7}, {7, 40}, {-1, 7}}) {
    ScoreCall call = GoodScore();
    call.choices = bad;
    const absl::Status status = CheckCall(call, Limits()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().substr(0, 7), "choices") << status;
  }
  ScoreCall call = GoodScore();
  call.prompts[1].resize(101, 3);
  EXPECT_EQ(CheckCall(call, Limits()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CallCheck, WhatCouldNeverRunIsRefused) {
  GenerateCall call = GoodCall();
  call.prompts[0].branch_count = 17;
  EXPECT_EQ(CheckCall(call, Limits()).status().code(),
            absl::StatusCode::kResourceExhausted);
  call = GoodCall();
  CallLimits limits = Limits();
  limits.kv_bytes = 10 * (5 + 2 * 10);
  EXPECT_TRUE(CheckCall(call, limits).ok());
  --limits.kv_bytes;
  EXPECT_EQ(CheckCall(call, limits).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(CallCheck, ABeginningThatPromptsShareCountsOnce) {
  GenerateCall call = GoodCall();
  call.prompts[0].prompt_token_ids.assign(50, 3);
  call.prompts.push_back(call.prompts[0]);
  call.prompts[1].prompt_token_ids.back() = 4;
  CallLimits limits = Limits();
  limits.kv_bytes = 10 * (49 + 2 + 4 * 10);
  EXPECT_TRUE(CheckCall(call, limits).ok());
}

}  // namespace
}  // namespace stagebeam::engine
