#include "libs/engine/model_config.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/scratch_directory.h"

namespace stagebeam::engine {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// config.json of the reference checkpoint with a JSON merge patch.
absl::StatusOr<ModelConfig> LoadPatched(const std::string& patch) {
  const ScratchDirectory scratch;
  json config = json::parse(ReadFile("models/reference/config.json"));
  config.merge_patch(json::parse(patch));
  scratch.Write("config.json", config.dump());
  return ModelConfig::Load(scratch.path());
}

TEST(ModelConfig, ReadsTheReferenceCheckpoint) {
  const auto config = ModelConfig::Load("models/reference");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vision.rows_per_tile(), 17);
  EXPECT_EQ(config->vision.output_dim(), 384);
  EXPECT_EQ(config->text.head_dim(), 32);
  EXPECT_TRUE(config->text.rope.is_llama3);
  EXPECT_TRUE(config->text.IsCrossLayer(4));
  EXPECT_FALSE(config->text.IsCrossLayer(3));
  EXPECT_EQ(config->image_token_index, 1040);
  EXPECT_THAT(config->generation.eos_token_ids, ElementsAre(1025, 1032, 1033));
  EXPECT_EQ(config->generation.temperature, 0.6);
  EXPECT_EQ(config->generation.top_k, 50);
}

TEST(ModelConfig, AnEmptyOneIsLlama32VisionOf11B) {
  const ScratchDirectory scratch;
  scratch.Write("config.json", "{}");
  const auto config = ModelConfig::Load(scratch.path());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->text.num_hidden_layers, 40);
  EXPECT_EQ(config->text.cross_attention_layers.size(), 8u);
  EXPECT_EQ(config->text.rope.theta, 500000);
  EXPECT_FALSE(config->text.rope.is_llama3);
  EXPECT_EQ(config->vision.output_dim(), 7680);
  EXPECT_EQ(config->vision.image_size, 448);
  EXPECT_EQ(config->image_token_index, 128256);
  EXPECT_THAT(config->generation.eos_token_ids, ElementsAre(128001));
  EXPECT_EQ(config->generation.top_p, 0.9);
}

TEST(ModelConfig, ReadsRopeAsTransformers5WritesIt) {
  const auto config = LoadPatched(
      R"({"text_config": {"rope_theta": null, "rope_scaling": null, "rope_parameters":
          {"rope_type": "llama3", "rope_theta": 77, "factor": 3, "low_freq_factor": 1,
           "high_freq_factor": 2, "original_max_position_embeddings": 64}}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->text.rope.theta, 77);
  EXPECT_TRUE(config->text.rope.is_llama3);
  EXPECT_EQ(config->text.rope.factor, 3);
}

TEST(ModelConfig, TakesEitherNameOfTheVisionHeads) {
  const auto config = LoadPatched(
      R"({"vision_config": {"attention_heads": null, "num_attention_heads": 8}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vision.attention_heads, 8);
}

TEST(ModelConfig, LeavesOutEndsOfTurnThatCannotBeSampled) {
  const auto config =
      LoadPatched(R"({"text_config": {"eos_token_id": [5, 128001]}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->generation.eos_token_ids, ElementsAre(5));
}

TEST(ModelConfig, TakesTransformersDefaultsForFieldsOfGenerationConfig) {
  const ScratchDirectory scratch;
  scratch.Write("config.json", ReadFile("models/reference/config.json"));
  scratch.Write("generation_config.json",
                R"({"eos_token_id": 9, "do_sample": true})");
  const auto config = ModelConfig::Load(scratch.path());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->generation.eos_token_ids, ElementsAre(9));
  EXPECT_EQ(config->generation.temperature, 1);
  EXPECT_EQ(config->generation.top_p, 1);
  scratch.Write("generation_config.json",
                R"({"temperature": 0.5, "do_sample": false})");
  EXPECT_EQ(ModelConfig::Load(scratch.path())->generation.temperature, 0);
  scratch.Write("generation_config.json", R"({"top_p": 1.5})");
  EXPECT_THAT(
      ModelConfig::Load(scratch.path()).status().message(),
      HasSubstr("generation_config.json.top_p must be a number, 0 to 1"));
}

TEST(ModelConfig, SaysWhichFileIsNotThereOrNoJson) {
  const ScratchDirectory scratch;
  EXPECT_EQ(ModelConfig::Load(scratch.path()).status().code(),
            absl::StatusCode::kNotFound);
  for (const char* text : {"", "{", "[]", "7", "\xff\xfe", "{\"a\":1}{"}) {
    scratch.Write("config.json", text);
    const absl::Status status = ModelConfig::Load(scratch.path()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr("config.json"));
  }
}

// A merge patch, and the message it must give.
struct Wrong {
  std::string patch;
  std::string words;
};

class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsRefusedByFieldName) {
  const absl::Status status = LoadPatched(GetParam().patch).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("/config.json"));
  EXPECT_THAT(status.message(), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    ModelConfig, WrongConfig,
    testing::Values(
        Wrong{R"({"model_type": "llama"})", "model_type must be \"mllama\""},
        Wrong{R"({"text_config": 3})", "text_config must be an object"},
        Wrong{R"({"image_token_index": 1048})", "image_token_index must be"},
        Wrong{R"({"text_config": {"hidden_size": 0}})",
              "text_config.hidden_size must be"},
        Wrong{R"({"text_config": {"hidden_size": -192}})",
              "text_config.hidden_size must be"},
        Wrong{R"({"text_config": {"hidden_size": 1e30}})",
              "text_config.hidden_size must be"},
        Wrong{R"({"text_config": {"hidden_size": "192"}})",
              "text_config.hidden_size must be"},
        Wrong{R"({"text_config": {"vocab_size": 18446744073709551615}})",
              "vocab_size must be"},
        Wrong{R"({"text_config": {"num_attention_heads": 0}})",
              "num_attention_heads must be"},
        Wrong{R"({"text_config": {"num_attention_heads": 5}})",
              "num_attention_heads must divide hidden_size (192)"},
        Wrong{
            R"({"text_config": {"num_attention_heads": 64, "num_key_value_heads": 2}})",
            "odd head width (3)"},
        Wrong{R"({"text_config": {"num_key_value_heads": 4}})",
              "num_key_value_heads must divide num_attention_heads (6)"},
        Wrong{R"({"text_config": {"num_hidden_layers": 1000000000}})",
              "num_hidden_layers must be"},
        Wrong{R"({"text_config": {"cross_attention_layers": [7]}})",
              "cross_attention_layers"},
        Wrong{R"({"text_config": {"cross_attention_layers": [-1]}})",
              "cross_attention_layers"},
        Wrong{R"({"text_config": {"cross_attention_layers": "1"}})",
              "cross_attention_layers"},
        Wrong{R"({"text_config": {"cross_attention_layers": null}})",
              "cross_attention_layers"},
        Wrong{R"({"text_config": {"rms_norm_eps": -1}})",
              "rms_norm_eps must be"},
        Wrong{R"({"text_config": {"hidden_act": "gelu"}})",
              "hidden_act must be \"silu\""},
        Wrong{R"({"text_config": {"max_position_embeddings": 0}})",
              "max_position_embeddings"},
        Wrong{R"({"text_config": {"tie_word_embeddings": 1}})",
              "tie_word_embeddings must be"},
        Wrong{R"({"text_config": {"rope_theta": 0}})", "rope_theta must be"},
        Wrong{R"({"text_config": {"rope_scaling": []}})",
              "rope_scaling must be an object"},
        Wrong{R"({"text_config": {"rope_scaling": {"rope_type": "yarn"}}})",
              "rope_scaling.rope_type must be"},
        Wrong{R"({"text_config": {"rope_scaling": {"factor": 0}}})",
              "rope_scaling.factor must be"},
        Wrong{R"({"text_config": {"rope_scaling": {"high_freq_factor": 1}}})",
              "high_freq_factor must be greater"},
        Wrong{R"({"text_config": {"eos_token_id": "end"}})",
              "eos_token_id must be"},
        Wrong{R"({"vision_config": {"hidden_size": 130}})",
              "attention_heads must divide"},
        Wrong{R"({"vision_config": {"num_channels": 4}})",
              "num_channels must be"},
        Wrong{R"({"vision_config": {"image_size": 0}})", "image_size must be"},
        Wrong{R"({"vision_config": {"patch_size": 65}})", "patch_size must be"},
        Wrong{R"({"vision_config": {"max_num_tiles": 0}})",
              "max_num_tiles must be"},
        Wrong{R"({"vision_config": {"max_num_tiles": 5}})",
              "supported_aspect_ratios must have 10 to"},
        Wrong{R"({"vision_config": {"hidden_act": "quick_gelu"}})",
              "hidden_act must be \"gelu\""},
        Wrong{R"({"vision_config": {"intermediate_layers_indices": [5]}})",
              "intermediate_layers_indices"},
        Wrong{R"({"vision_config": {"intermediate_layers_indices": null}})",
              "intermediate_layers_indices"},
        Wrong{R"({"vision_config": {"vision_output_dim": 385}})",
              "vision_output_dim must be"}));

TEST(ArrangementCount, CountsRectanglesOfUpToSoManyTiles) {
  EXPECT_EQ(ArrangementCount(1), 1);
  EXPECT_EQ(ArrangementCount(3), 5);
  EXPECT_EQ(ArrangementCount(4), 8);
  EXPECT_EQ(ArrangementCount(6), 14);
}

}  // namespace
}  // namespace stagebeam::engine
