#include "libs/engine/model_config.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/engine/field_reader.h"
#include "nlohmann/json.hpp"

namespace stagebeam::engine {
namespace {

using nlohmann::json;

constexpr int64_t kMaxConfigBytes = 16 << 20;
// Generous limits: no mllama comes near, and products of them fit 64 bits.
constexpr int kMaxWidth = 1 << 20;
constexpr int kMaxLayers = 4096;
constexpr int kMaxTiles = 64;
constexpr int kMaxImageSize = 1 << 14;
constexpr int kMaxVocab = 1 << 24;
constexpr double kLargest = 1e12;

void CheckDivides(FieldReader& reader, const char* field, int64_t whole,
                  int64_t part, const char* whole_name) {
  if (whole % part != 0)
    reader.Fail(field,
                absl::StrCat("must divide ", whole_name, " (", whole, ")"));
}

void CheckOnly(FieldReader& reader, const char* field,
               const std::string& only) {
  if (reader.Text(field, only) != only)
    reader.Fail(field, absl::StrCat("must be \"", only, "\""));
}

void ReadVisionSizes(FieldReader& reader, VisionConfig& config) {
  config.hidden_size =
      reader.Count("hidden_size", config.hidden_size, 1, kMaxWidth);
  config.intermediate_size =
      reader.Count("intermediate_size", config.intermediate_size, 1, kMaxWidth);
  reader.Count("num_channels", 3, 3, 3);
  const char* heads =
      reader.Has("attention_heads") ? "attention_heads" : "num_attention_heads";
  config.attention_heads =
      reader.Count(heads, config.attention_heads, 1, kMaxWidth);
  CheckDivides(reader, heads, config.hidden_size, config.attention_heads,
               "hidden_size");
  config.num_hidden_layers = reader.Count(
      "num_hidden_layers", config.num_hidden_layers, 1, kMaxLayers);
  config.num_global_layers = reader.Count(
      "num_global_layers", config.num_global_layers, 0, kMaxLayers);
  config.norm_eps = reader.Number("norm_eps", config.norm_eps, 0, 1);
  CheckOnly(reader, "hidden_act", "gelu");
}

void ReadTiling(FieldReader& reader, VisionConfig& config) {
  config.image_size =
      reader.Count("image_size", config.image_size, 1, kMaxImageSize);
  config.patch_size =
      reader.Count("patch_size", config.patch_size, 1, config.image_size);
  config.max_num_tiles =
      reader.Count("max_num_tiles", config.max_num_tiles, 1, kMaxTiles);
  const int64_t ratios =
      reader.ListSize("supported_aspect_ratios", config.aspect_ratio_count);
  const int needed = ArrangementCount(config.max_num_tiles);
  if (ratios < needed || ratios > kMaxLayers) {
    reader.Fail("supported_aspect_ratios",
                absl::StrCat("must have ", needed, " to ", kMaxLayers,
                             " entries for max_num_tiles"));
  }
  config.aspect_ratio_count = static_cast<int>(ratios);
}

absl::StatusOr<VisionConfig> ReadVision(const json& object,
                                        const std::string& place) {
  FieldReader reader(object, place);
  VisionConfig config;
  ReadVisionSizes(reader, config);
  ReadTiling(reader, config);
  if (!reader.status().ok()) return reader.status();
  // The default list needs 31 layers; a smaller model must bring its own.
  std::vector<int64_t>& kept = config.intermediate_layers_indices;
  kept = reader.Ints("intermediate_layers_indices", kept, 0,
                     config.num_hidden_layers, kMaxLayers);
  for (const int64_t layer : kept) {
    if (layer > config.num_hidden_layers) {
      reader.Fail("intermediate_layers_indices",
                  "must be given for fewer than 30 layers");
      return reader.status();
    }
  }
  const int64_t width =
      int64_t{config.hidden_size} * (1 + static_cast<int64_t>(kept.size()));
  if (width > 64 * int64_t{kMaxWidth})
    reader.Fail("intermediate_layers_indices", "is too long");
  reader.Int("vision_output_dim", width, width, width);
  if (!reader.status().ok()) return reader.status();
  return config;
}

void ReadRopeScaling(FieldReader& reader, RopeConfig& rope) {
  const char* type_field = reader.Has("rope_type") ? "rope_type" : "type";
  const std::string type = reader.Text(type_field, "default");
  if (type == "default") return;
  if (type != "llama3")
    return reader.Fail(type_field, "must be \"default\" or \"llama3\"");
  rope.is_llama3 = true;
  rope.factor = reader.Number("factor", rope.factor, 1, kLargest);
  rope.low_freq_factor =
      reader.Number("low_freq_factor", rope.low_freq_factor, 1e-6, kLargest);
  rope.high_freq_factor =
      reader.Number("high_freq_factor", rope.high_freq_factor, 1e-6, kLargest);
  rope.original_max_position_embeddings =
      reader.Number("original_max_position_embeddings",
                    rope.original_max_position_embeddings, 1, kLargest);
  if (rope.high_freq_factor <= rope.low_freq_factor) {
    reader.Fail("high_freq_factor", "must be greater than low_freq_factor");
  }
}

// transformers 5 writes rope_parameters instead of rope_theta and rope_scaling.
absl::Status ReadRope(FieldReader& text, const std::string& place,
                      RopeConfig& rope) {
  const char* field =
      text.Has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  rope.theta = text.Number("rope_theta", rope.theta, 1e-6, kLargest);
  FieldReader reader(text.Object(field), absl::StrCat(place, ".", field));
  rope.theta = reader.Number("rope_theta", rope.theta, 1e-6, kLargest);
  ReadRopeScaling(reader, rope);
  return reader.status();
}

void ReadTextSizes(FieldReader& reader, TextConfig& config) {
  config.vocab_size =
      reader.Count("vocab_size", config.vocab_size, 1, kMaxVocab);
  config.hidden_size =
      reader.Count("hidden_size", config.hidden_size, 1, kMaxWidth);
  config.intermediate_size =
      reader.Count("intermediate_size", config.intermediate_size, 1, kMaxWidth);
  config.num_hidden_layers = reader.Count(
      "num_hidden_layers", config.num_hidden_layers, 1, kMaxLayers);
  config.num_attention_heads = reader.Count(
      "num_attention_heads", config.num_attention_heads, 1, kMaxWidth);
  config.num_key_value_heads = reader.Count(
      "num_key_value_heads", config.num_key_value_heads, 1, kMaxWidth);
  CheckDivides(reader, "num_attention_heads", config.hidden_size,
               config.num_attention_heads, "hidden_size");
  CheckDivides(reader, "num_key_value_heads", config.num_attention_heads,
               config.num_key_value_heads, "num_attention_heads");
  if (config.head_dim() % 2 != 0) {
    reader.Fail("num_attention_heads",
                absl::StrCat("leaves an odd head width (", config.head_dim(),
                             "), which RoPE cannot turn"));
  }
  config.rms_norm_eps =
      reader.Number("rms_norm_eps", config.rms_norm_eps, 0, 1);
  config.max_position_embeddings = reader.Count(
      "max_position_embeddings", config.max_position_embeddings, 1, 1 << 28);
  config.tie_word_embeddings = reader.Flag("tie_word_embeddings", false);
  CheckOnly(reader, "hidden_act", "silu");
}

absl::StatusOr<TextConfig> ReadText(const json& object,
                                    const std::string& place) {
  FieldReader reader(object, place);
  TextConfig config;
  ReadTextSizes(reader, config);
  if (!reader.status().ok()) return reader.status();
  std::vector<int64_t>& cross = config.cross_attention_layers;
  cross = reader.Ints("cross_attention_layers", cross, 0,
                      config.num_hidden_layers - 1, kMaxLayers);
  std::sort(cross.begin(), cross.end());
  cross.erase(std::unique(cross.begin(), cross.end()), cross.end());
  if (!cross.empty() && cross.back() >= config.num_hidden_layers) {
    reader.Fail("cross_attention_layers",
                "must be given for fewer than 39 layers");
  }
  const absl::Status rope = ReadRope(reader, place, config.rope);
  if (!reader.status().ok()) return reader.status();
  if (!rope.ok()) return rope;
  return config;
}

// Ids that the logits have no column for are never sampled, and left out.
void SetEndOfTurn(const std::vector<int64_t>& ids, const TextConfig& text,
                  GenerationDefaults& out) {
  for (const int64_t id : ids) {
    if (id < text.logit_columns())
      out.eos_token_ids.push_back(static_cast<int32_t>(id));
  }
}

std::vector<int64_t> EndOfTurn(FieldReader& reader,
                               std::vector<int64_t> fallback) {
  return reader.Ints("eos_token_id", std::move(fallback), 0, INT32_MAX,
                     kMaxLayers);
}

// Fields that the file leaves out take transformers' defaults, not Llama's.
absl::Status ReadGeneration(const std::string& path, const TextConfig& text,
                            std::vector<int64_t> end_of_turn,
                            GenerationDefaults& out) {
  if (std::filesystem::exists(path)) {
    const absl::StatusOr<json> object = ReadJsonObject(path, kMaxConfigBytes);
    if (!object.ok()) return object.status();
    FieldReader reader(*object, path);
    end_of_turn = EndOfTurn(reader, std::move(end_of_turn));
    out.temperature = reader.Number("temperature", 1.0, 0, 100);
    out.top_p = reader.Number("top_p", 1.0, 0, 1);
    out.top_k = reader.Count("top_k", 50, 0, kMaxVocab);
    if (!reader.Flag("do_sample", false)) out.temperature = 0;
    if (!reader.status().ok()) return reader.status();
  }
  SetEndOfTurn(end_of_turn, text, out);
  return absl::OkStatus();
}

}  // namespace

int ArrangementCount(int tiles) {
  int count = 0;
  for (int high = 1; high <= tiles; ++high) count += tiles / high;
  return count;
}

bool TextConfig::IsCrossLayer(int layer) const {
  return std::binary_search(cross_attention_layers.begin(),
                            cross_attention_layers.end(), layer);
}

std::string VisionConfig::Fingerprint() const {
  return absl::StrCat(
      "vision ", hidden_size, " ", intermediate_size, " ", attention_heads, " ",
      num_hidden_layers, " ", num_global_layers, " [",
      absl::StrJoin(intermediate_layers_indices, ","), "] ", image_size, " ",
      patch_size, " ", max_num_tiles, " ", aspect_ratio_count, " ", norm_eps);
}

std::string TextConfig::Fingerprint() const {
  const std::string scaling =
      rope.is_llama3 ? absl::StrCat(rope.factor, " ", rope.low_freq_factor, " ",
                                    rope.high_freq_factor, " ",
                                    rope.original_max_position_embeddings)
                     : "default";
  return absl::StrCat(
      "text ", vocab_size, " ", hidden_size, " ", intermediate_size, " ",
      num_hidden_layers, " ", num_attention_heads, " ", num_key_value_heads,
      " [", absl::StrJoin(cross_attention_layers, ","), "] ", rms_norm_eps, " ",
      rope.theta, " ", scaling, " ", max_position_embeddings, " ",
      tie_word_embeddings ? "tied" : "untied");
}

absl::StatusOr<ModelConfig> ModelConfig::Load(const std::string& directory) {
  const std::string path = absl::StrCat(directory, "/config.json");
  const absl::StatusOr<json> object = ReadJsonObject(path, kMaxConfigBytes);
  if (!object.ok()) return object.status();
  FieldReader reader(*object, path);
  CheckOnly(reader, "model_type", "mllama");
  const json& vision_object = reader.Object("vision_config");
  const json& text_object = reader.Object("text_config");
  if (!reader.status().ok()) return reader.status();
  const absl::StatusOr<VisionConfig> vision =
      ReadVision(vision_object, path + ": vision_config");
  if (!vision.ok()) return vision.status();
  const absl::StatusOr<TextConfig> text =
      ReadText(text_object, path + ": text_config");
  if (!text.ok()) return text.status();
  ModelConfig config{*vision, *text, {}, 0};
  config.image_token_index = static_cast<int32_t>(reader.Int(
      "image_token_index", text->vocab_size, 0, text->embedding_rows() - 1));
  FieldReader text_reader(text_object, path + ": text_config");
  std::vector<int64_t> end_of_turn = EndOfTurn(text_reader, {128001});
  if (!reader.status().ok()) return reader.status();
  if (!text_reader.status().ok()) return text_reader.status();
  const absl::Status generation =
      ReadGeneration(directory + "/generation_config.json", *text,
                     std::move(end_of_turn), config.generation);
  if (!generation.ok()) return generation;
  return config;
}

}  // namespace stagebeam::engine
