#include "benchmarks/model_cost.h"

#include "libs/engine/tile_rows.h"

namespace stagebeam::benchmarks {
namespace {

using engine::ModelConfig;
using engine::TextConfig;
using engine::VisionConfig;

int64_t CrossLayers(const TextConfig& config) {
  return static_cast<int64_t>(config.cross_attention_layers.size());
}

int64_t SelfLayers(const TextConfig& config) {
  return config.num_hidden_layers - CrossLayers(config);
}

// q_proj, o_proj and the MLP: what every layer multiplies with.
int64_t SharedWeights(const TextConfig& config) {
  const int64_t hidden = config.hidden_size;
  return 2 * hidden * hidden + 3 * hidden * config.intermediate_size;
}

// k_proj and v_proj.
int64_t KeyValueWeights(const TextConfig& config) {
  return int64_t{2} * config.hidden_size * config.num_key_value_heads *
         config.head_dim();
}

int64_t HeadWeights(const TextConfig& config) {
  return int64_t{config.logit_columns()} * config.hidden_size;
}

// Weights of the layers that a token's row is multiplied with.
int64_t LayerWeights(const TextConfig& config, bool with_image) {
  const int64_t self = SharedWeights(config) + KeyValueWeights(config);
  const int64_t cross = with_image ? SharedWeights(config) : 0;
  return SelfLayers(config) * self + CrossLayers(config) * cross;
}

// Both products of attention over `pairs` of a query and a key.
double AttentionOperations(double pairs, double width) {
  return 2 * 2 * pairs * width;
}

// One layer of either vision transformer: a row that holds picture meets all
// rows, another one those that hold picture.
double VisionLayerOperations(const VisionConfig& config, double rows,
                             double live) {
  const double width = config.hidden_size;
  const double weights =
      4 * width * width + 2 * width * config.intermediate_size;
  const double pairs = live * rows + (rows - live) * live;
  return 2 * rows * weights + AttentionOperations(pairs, width);
}

}  // namespace

int64_t DecodeWeights(const TextConfig& config, bool with_image) {
  return LayerWeights(config, with_image) + HeadWeights(config);
}

double PrefillOperations(const TextConfig& config, int64_t tokens,
                         int64_t image_rows) {
  const double rows = static_cast<double>(tokens);
  const double layers =
      2 * rows * static_cast<double>(LayerWeights(config, image_rows > 0));
  const double head = 2 * static_cast<double>(HeadWeights(config));
  const double self_pairs =
      static_cast<double>(SelfLayers(config)) * rows * (rows + 1) / 2;
  const double cross_pairs = static_cast<double>(CrossLayers(config)) * rows *
                             static_cast<double>(image_rows);
  return layers + head +
         AttentionOperations(self_pairs + cross_pairs, config.hidden_size);
}

double EncodeOperations(const ModelConfig& config, int tile_count) {
  const VisionConfig& vision = config.vision;
  const double padded = static_cast<double>(engine::PaddedRows(vision));
  const double patches =
      static_cast<double>(vision.max_num_tiles) * vision.grid() * vision.grid();
  const double patch_embedding = 2 * patches * vision.hidden_size * 3 *
                                 vision.patch_size * vision.patch_size;
  const double layers = vision.num_hidden_layers + vision.num_global_layers;
  const double transformers =
      layers * VisionLayerOperations(
                   vision, padded * vision.max_num_tiles,
                   static_cast<double>(vision.rows_per_tile()) * tile_count);
  const double projector = 2.0 * vision.max_num_tiles * vision.rows_per_tile() *
                           vision.output_dim() * config.text.hidden_size;
  return patch_embedding + transformers + projector;
}

}  // namespace stagebeam::benchmarks
