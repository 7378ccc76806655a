#ifndef STAGEBEAM_LIBS_ENGINE_MODEL_CONFIG_H_
#define STAGEBEAM_LIBS_ENGINE_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace stagebeam::engine {

// vision_config of config.json. Initial values are Hugging Face's defaults.
struct VisionConfig {
  int hidden_size = 1280;
  int intermediate_size = 5120;
  int attention_heads = 16;
  int num_hidden_layers = 32;
  int num_global_layers = 8;
  // Local layers whose input joins the features; num_hidden_layers stands for
  // the output of the last one. The order counts.
  std::vector<int64_t> intermediate_layers_indices = {3, 7, 15, 23, 30};
  int image_size = 448;
  int patch_size = 14;
  int max_num_tiles = 4;
  // Entries of supported_aspect_ratios.
  int aspect_ratio_count = 8;
  double norm_eps = 1e-5;

  int head_dim() const { return hidden_size / attention_heads; }
  // Patches along a tile's side.
  int grid() const { return image_size / patch_size; }
  // Rows of a tile: its patches and the class token.
  int rows_per_tile() const { return grid() * grid() + 1; }
  // Width of the features before the projector.
  int output_dim() const {
    return hidden_size *
           (1 + static_cast<int>(intermediate_layers_indices.size()));
  }
  // Every field in one line.
  std::string Fingerprint() const;
};

// Rotary position embedding: plain, or with Llama 3's stretched frequencies.
struct RopeConfig {
  double theta = 500000;
  // False: the fields below are unused.
  bool is_llama3 = false;
  double factor = 8;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  double original_max_position_embeddings = 8192;
};

// text_config of config.json. Initial values are Hugging Face's defaults.
struct TextConfig {
  int vocab_size = 128256;
  int hidden_size = 4096;
  int intermediate_size = 14336;
  int num_hidden_layers = 40;
  int num_attention_heads = 32;
  int num_key_value_heads = 8;
  std::vector<int64_t> cross_attention_layers = {3, 8, 13, 18, 23, 28, 33, 38};
  double rms_norm_eps = 1e-5;
  RopeConfig rope;
  int max_position_embeddings = 131072;
  bool tie_word_embeddings = false;

  int head_dim() const { return hidden_size / num_attention_heads; }
  // Rows of the embedding table: the vocabulary, <|image|>, and spare ones.
  int embedding_rows() const { return vocab_size + 8; }
  // Columns of the logits. A tied head is the whole embedding table.
  int logit_columns() const {
    return tie_word_embeddings ? embedding_rows() : vocab_size;
  }
  bool IsCrossLayer(int layer) const;
  // Every field in one line.
  std::string Fingerprint() const;
};

// generation_config.json. Without the file, the values of Llama 3.2.
struct GenerationDefaults {
  // Tokens that end a turn, all within the logits' columns: what cannot be
  // sampled is left out.
  std::vector<int32_t> eos_token_ids;
  // 0 where do_sample is false.
  double temperature = 0.6;
  double top_p = 0.9;
  int top_k = 50;
};

// What a checkpoint directory says of its model.
struct ModelConfig {
  VisionConfig vision;
  TextConfig text;
  GenerationDefaults generation;
  // Id of <|image|>.
  int32_t image_token_index = 128256;

  // Reads config.json and, where it is there, generation_config.json. Both ways
  // of writing RoPE (rope_theta and rope_scaling, or rope_parameters) are read.
  // NOT_FOUND: no config.json. INVALID_ARGUMENT names file, field and limit.
  static absl::StatusOr<ModelConfig> Load(const std::string& directory);
};

// Tile arrangements (high, wide) of up to `tiles` tiles.
int ArrangementCount(int tiles);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_MODEL_CONFIG_H_
