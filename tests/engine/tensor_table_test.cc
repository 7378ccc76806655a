#include "libs/engine/tensor_table.h"

#include <functional>
#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace stagebeam::engine {
namespace {

// Llama-3.2-11B-Vision-Instruct as it is published.
TEST(TensorTable, HoldsTheTensorsAndParametersOf11B) {
  ModelConfig config;
  config.vision.image_size = 560;
  const TensorTable table = ExpectedTensors(config);
  EXPECT_EQ(table.size(), 906u);
  int64_t all = 0, vision = 0;
  for (const auto& [name, shape] : table) {
    const int64_t size = std::accumulate(shape.begin(), shape.end(), int64_t{1},
                                         std::multiplies<>());
    all += size;
    if (name.starts_with("vision_model.")) vision += size;
  }
  EXPECT_EQ(all, 10'670'220'835);
  EXPECT_EQ(vision, 863'567'379);
}

TEST(TensorTable, KnowsEitherNameOfATensor) {
  const auto expect = [](const char* stored, const char* published) {
    EXPECT_EQ(PublishedName(stored), published);
    EXPECT_EQ(PublishedName(published), published);
  };
  expect("model.vision_model.class_embedding", "vision_model.class_embedding");
  expect("model.multi_modal_projector.bias", "multi_modal_projector.bias");
  expect("model.language_model.norm.weight",
         "language_model.model.norm.weight");
  expect("model.language_model.layers.3.mlp.up_proj.weight",
         "language_model.model.layers.3.mlp.up_proj.weight");
  expect("lm_head.weight", "language_model.lm_head.weight");
}

TEST(TensorTable, TellsVisionFromText) {
  EXPECT_TRUE(IsVisionTensor("vision_model.class_embedding"));
  EXPECT_TRUE(IsVisionTensor("multi_modal_projector.bias"));
  EXPECT_FALSE(IsVisionTensor("language_model.lm_head.weight"));
}

}  // namespace
}  // namespace stagebeam::engine
