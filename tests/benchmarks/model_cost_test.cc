#include "benchmarks/model_cost.h"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <string>

#include "libs/engine/model_config.h"
#include "libs/engine/tensor_table.h"

namespace stagebeam::benchmarks {
namespace {

using engine::ModelConfig;
using engine::TextConfig;

ModelConfig Reference() { return *ModelConfig::Load("models/reference"); }

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Numbers in the matrices of the language model whose names `counts`.
int64_t NumbersOf(const ModelConfig& config,
                  const std::function<bool(const std::string&)>& counts) {
  int64_t sum = 0;
  for (const auto& [name, shape] : engine::ExpectedTensors(config)) {
    if (name.rfind("language_model.", 0) != 0 || shape.size() != 2) continue;
    if (!counts(name)) continue;
    sum += std::accumulate(shape.begin(), shape.end(), int64_t{1},
                           std::multiplies<>());
  }
  return sum;
}

TEST(ModelCost,
     ADecodeStepMultipliesAllButTheTableAndThePicturesKeysAndValues) {
  const ModelConfig config = Reference();
  EXPECT_EQ(DecodeWeights(config.text, /*with_image=*/true),
            NumbersOf(config, [](const std::string& name) {
              return !Contains(name, "embed_tokens") &&
                     !Contains(name, "cross_attn.k_proj") &&
                     !Contains(name, "cross_attn.v_proj");
            }));
}

TEST(ModelCost, WithoutAPictureCrossLayersCostNothing) {
  const ModelConfig config = Reference();
  EXPECT_EQ(DecodeWeights(config.text, /*with_image=*/false),
            NumbersOf(config, [&](const std::string& name) {
              if (Contains(name, "embed_tokens")) return false;
              for (const int64_t layer : config.text.cross_attention_layers) {
                if (Contains(name, ".layers." + std::to_string(layer) + "."))
                  return false;
              }
              return true;
            }));
}

TEST(ModelCost, OneTokenCostsTwiceItsWeightsAndItsOwnAttention) {
  const TextConfig text = Reference().text;
  const double cross = static_cast<double>(text.cross_attention_layers.size());
  const double self = text.num_hidden_layers - cross;
  const double pair = 4.0 * text.hidden_size;
  EXPECT_EQ(PrefillOperations(text, 1, 0),
            2.0 * DecodeWeights(text, false) + pair * self);
  EXPECT_EQ(PrefillOperations(text, 1, 7),
            2.0 * DecodeWeights(text, true) + pair * (self + 7 * cross));
}

TEST(ModelCost, APromptMultipliesTheHeadOnce) {
  const TextConfig text = Reference().text;
  const double head = 2.0 * text.logit_columns() * text.hidden_size;
  const double self = static_cast<double>(text.num_hidden_layers -
                                          text.cross_attention_layers.size());
  // Tokens 2 and 3 look at two and three keys, each of them once for scores and
  // once for values.
  EXPECT_EQ(PrefillOperations(text, 3, 0) - PrefillOperations(text, 1, 0),
            2 * (2.0 * DecodeWeights(text, false) - head) +
                4.0 * text.hidden_size * self * (2 + 3));
}

TEST(ModelCost, AnEncodingCostsPatchesLayersAndProjector) {
  ModelConfig config;
  config.vision = {.hidden_size = 2,
                   .intermediate_size = 4,
                   .attention_heads = 1,
                   .num_hidden_layers = 1,
                   .num_global_layers = 0,
                   .intermediate_layers_indices = {},
                   .image_size = 4,
                   .patch_size = 2,
                   .max_num_tiles = 1};
  config.text.hidden_size = 3;
  // Four patches of 3 x 2 x 2 numbers; a class token and three rows of padding
  // join them. The five live rows see all eight, the others only the five.
  const double patches = 2 * 4 * 2 * 12;
  const double linear = 2 * 8 * (4 * 2 * 2 + 2 * 2 * 4);
  const double attention = 4 * (5 * 8 + 3 * 5) * 2;
  const double projector = 2 * 5 * 2 * 3;
  EXPECT_EQ(EncodeOperations(config, 1),
            patches + linear + attention + projector);
}

}  // namespace
}  // namespace stagebeam::benchmarks
