#include "libs/engine/tensor_table.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace stagebeam::engine {
namespace {

constexpr char kLanguage[] = "language_model.";

void AddLayerNorm(TensorTable& table, const std::string& prefix,
                  int64_t width) {
  table[prefix + ".weight"] = {width};
  table[prefix + ".bias"] = {width};
}

void AddVisionLayer(TensorTable& table, const VisionConfig& config,
                    const std::string& prefix, bool gated) {
  const int64_t width = config.hidden_size, inner = config.intermediate_size;
  for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
    table[absl::StrCat(prefix, "self_attn.", name, ".weight")] = {width, width};
  }
  AddLayerNorm(table, prefix + "input_layernorm", width);
  AddLayerNorm(table, prefix + "post_attention_layernorm", width);
  table[prefix + "mlp.fc1.weight"] = {inner, width};
  table[prefix + "mlp.fc1.bias"] = {inner};
  table[prefix + "mlp.fc2.weight"] = {width, inner};
  table[prefix + "mlp.fc2.bias"] = {width};
  if (!gated) return;
  table[prefix + "gate_attn"] = {1};
  table[prefix + "gate_ffn"] = {1};
}

void AddVisionEmbeddings(TensorTable& table, const VisionConfig& config,
                         const std::string& root) {
  const int64_t width = config.hidden_size, tiles = config.max_num_tiles;
  const int64_t rows = config.rows_per_tile(),
                ratios = config.aspect_ratio_count + 1;
  table[root + "patch_embedding.weight"] = {width, 3, config.patch_size,
                                            config.patch_size};
  table[root + "class_embedding"] = {width};
  const std::string position = root + "gated_positional_embedding.";
  table[position + "gate"] = {1};
  table[position + "embedding"] = {rows, width};
  table[position + "tile_embedding.weight"] = {ratios, tiles * rows * width};
  for (const char* place : {"pre", "post"}) {
    const std::string tile =
        absl::StrCat(root, place, "_tile_positional_embedding.");
    table[tile + "gate"] = {1};
    table[tile + "embedding.weight"] = {ratios, tiles * width};
    AddLayerNorm(table, absl::StrCat(root, "layernorm_", place), width);
  }
}

void AddVision(TensorTable& table, const ModelConfig& config) {
  const std::string root = "vision_model.";
  AddVisionEmbeddings(table, config.vision, root);
  for (int i = 0; i < config.vision.num_hidden_layers; ++i) {
    AddVisionLayer(table, config.vision,
                   absl::StrCat(root, "transformer.layers.", i, "."), false);
  }
  for (int i = 0; i < config.vision.num_global_layers; ++i) {
    AddVisionLayer(table, config.vision,
                   absl::StrCat(root, "global_transformer.layers.", i, "."),
                   true);
  }
  table["multi_modal_projector.weight"] = {config.text.hidden_size,
                                           config.vision.output_dim()};
  table["multi_modal_projector.bias"] = {config.text.hidden_size};
}

void AddTextLayer(TensorTable& table, const TextConfig& config, int layer) {
  const std::string prefix =
      absl::StrCat(kLanguage, "model.layers.", layer, ".");
  const int64_t width = config.hidden_size, inner = config.intermediate_size;
  const int64_t kv_width =
      int64_t{config.num_key_value_heads} * config.head_dim();
  const bool cross = config.IsCrossLayer(layer);
  const std::string attention = prefix + (cross ? "cross_attn." : "self_attn.");
  table[prefix + "input_layernorm.weight"] = {width};
  table[prefix + "post_attention_layernorm.weight"] = {width};
  table[prefix + "mlp.gate_proj.weight"] = {inner, width};
  table[prefix + "mlp.up_proj.weight"] = {inner, width};
  table[prefix + "mlp.down_proj.weight"] = {width, inner};
  for (const char* name : {"q_proj", "o_proj"})
    table[attention + name + ".weight"] = {width, width};
  for (const char* name : {"k_proj", "v_proj"})
    table[attention + name + ".weight"] = {kv_width, width};
  if (!cross) return;
  for (const char* name : {"q_norm", "k_norm"})
    table[attention + name + ".weight"] = {config.head_dim()};
  for (const char* name : {"attn", "mlp"})
    table[absl::StrCat(prefix, "cross_attn_", name, "_gate")] = {1};
}

void AddText(TensorTable& table, const TextConfig& config) {
  const std::string root(kLanguage);
  table[root + "model.embed_tokens.weight"] = {config.embedding_rows(),
                                               config.hidden_size};
  table[root + "model.norm.weight"] = {config.hidden_size};
  for (int i = 0; i < config.num_hidden_layers; ++i)
    AddTextLayer(table, config, i);
  if (!config.tie_word_embeddings) {
    table[root + "lm_head.weight"] = {config.vocab_size, config.hidden_size};
  }
}

}  // namespace

TensorTable ExpectedTensors(const ModelConfig& config) {
  TensorTable table;
  AddVision(table, config);
  AddText(table, config.text);
  return table;
}

std::string PublishedName(std::string_view stored_name) {
  std::string_view name = stored_name;
  if (name.starts_with("model.")) name.remove_prefix(6);
  if (name.starts_with("lm_head.")) return kLanguage + std::string(name);
  if (!name.starts_with(kLanguage)) return std::string(name);
  const std::string_view inner =
      name.substr(std::string_view(kLanguage).size());
  if (inner.starts_with("model.") || inner.starts_with("lm_head."))
    return std::string(name);
  return kLanguage + ("model." + std::string(inner));
}

bool IsVisionTensor(std::string_view published_name) {
  return !published_name.starts_with(kLanguage);
}

}  // namespace stagebeam::engine
