#include "tests/engine/golden.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <utility>

#include "libs/engine/model_config.h"
#include "libs/engine/safetensors.h"
#include "nlohmann/json.hpp"

namespace stagebeam::engine {
namespace {

using Tensors = std::map<std::string, TensorView>;

constexpr char kRoot[] = "tests/engine/golden/";

std::vector<float> Numbers(const TensorView& view) {
  return view.dtype == StoredType::kBFloat16 ? FloatsOfBf16(view.bytes)
                                             : FloatsOf(view.bytes);
}

std::vector<std::vector<float>> Rows(const TensorView& view) {
  const std::vector<float> all = Numbers(view);
  const auto width = static_cast<std::ptrdiff_t>(view.shape[1]);
  std::vector<std::vector<float>> rows;
  for (auto at = all.begin(); at != all.end(); at += width)
    rows.emplace_back(at, at + width);
  return rows;
}

// The processor's layout: tiles without picture are 0.
pixels::Tiles MakeTiles(const GoldenCase& golden, const TensorView& stored,
                        int ratio, const VisionConfig& config) {
  pixels::Tiles tiles;
  tiles.tile_count = golden.tile_count;
  tiles.aspect_ratio_id = ratio;
  tiles.pixels = Numbers(stored);
  tiles.pixels.resize(size_t{3} * config.image_size * config.image_size *
                      config.max_num_tiles);
  return tiles;
}

void ReadPicture(GoldenCase& golden, const Tensors& tensors, int ratio,
                 const ModelConfig& config) {
  const auto image = std::find(golden.prompt.begin(), golden.prompt.end(),
                               config.image_token_index);
  golden.image_index = static_cast<int>(image - golden.prompt.begin());
  golden.tiles = MakeTiles(golden, tensors.at(golden.name + ".pixels"), ratio,
                           config.vision);
  golden.stored_tiles = config.vision.max_num_tiles;
  golden.hidden_size = config.text.hidden_size;
  golden.features = Numbers(tensors.at(golden.name + ".features"));
  golden.bf16_features = Numbers(tensors.at(golden.name + ".bf16_features"));
}

GoldenCase ReadCase(const nlohmann::json& entry, const Tensors& tensors,
                    const ModelConfig& config) {
  GoldenCase golden;
  golden.name = entry.at("name");
  golden.prompt = entry.at("prompt").get<std::vector<int32_t>>();
  golden.greedy = entry.at("greedy").get<std::vector<int32_t>>();
  golden.tile_count = entry.at("tiles");
  golden.first_row = entry.at("first_row");
  golden.logits = Rows(tensors.at(golden.name + ".logits"));
  golden.bf16_logits = Rows(tensors.at(golden.name + ".bf16_logits"));
  if (golden.has_picture())
    ReadPicture(golden, tensors, entry.at("aspect_ratio_id"), config);
  return golden;
}

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

std::vector<int32_t> GoldenCase::AllTokens() const {
  std::vector<int32_t> all = prompt;
  all.insert(all.end(), greedy.begin(), greedy.end());
  return all;
}

const GoldenCase& GoldenModel::Case(const std::string& name) const {
  for (const GoldenCase& golden : cases) {
    if (golden.name == name) return golden;
  }
  std::abort();
}

std::vector<std::string> GoldenNames() {
  return {"wide",           "first_cross", "three_tiles",
          "six_tiles_tied", "odd_patches", "reference"};
}

GoldenModel LoadGolden(const std::string& name) {
  const std::string values = kRoot + name;
  GoldenModel model{name == "reference" ? "models/reference" : values, {}};
  const auto config = ModelConfig::Load(model.directory);
  const auto tensors = OpenSafetensors(values + "/golden.safetensors");
  std::ifstream file(values + "/golden.json");
  if (!config.ok() || !tensors.ok() || !file) std::abort();
  const nlohmann::json list = nlohmann::json::parse(file);
  for (const nlohmann::json& entry : list.at("cases")) {
    model.cases.push_back(ReadCase(entry, *tensors, *config));
  }
  return model;
}

double MaxDifference(std::span<const float> a, std::span<const float> b) {
  double worst =
      a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!(difference <= worst)) worst = difference;
    if (std::isnan(difference)) return std::numeric_limits<double>::infinity();
  }
  return worst;
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() ? Dot(a, b) / std::sqrt(Dot(a, a) * Dot(b, b))
                              : 0;
}

double RelativeDistance(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  std::vector<float> difference(a.begin(), a.end());
  for (size_t i = 0; i < b.size(); ++i) difference[i] -= b[i];
  return std::sqrt(Dot(difference, difference) / Dot(b, b));
}

std::vector<float> FloatsOf(std::span<const char> fp32) {
  std::vector<float> numbers(fp32.size() / sizeof(float));
  std::memcpy(numbers.data(), fp32.data(), numbers.size() * sizeof(float));
  return numbers;
}

std::vector<float> FloatsOfBf16(std::span<const char> bf16) {
  std::vector<uint16_t> halves(bf16.size() / sizeof(uint16_t));
  std::memcpy(halves.data(), bf16.data(), halves.size() * sizeof(uint16_t));
  std::vector<float> numbers;
  numbers.reserve(halves.size());
  for (const uint16_t half : halves)
    numbers.push_back(std::bit_cast<float>(uint32_t{half} << 16));
  return numbers;
}

}  // namespace stagebeam::engine
