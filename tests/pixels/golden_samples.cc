#include "tests/pixels/golden_samples.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace stagebeam::pixels {
namespace {

std::vector<uint8_t> FromHex(const std::string& hex) {
  std::vector<uint8_t> bytes(hex.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] =
        static_cast<uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

std::vector<GoldenSample> ReadSamples() {
  std::vector<GoldenSample> samples;
  for (const auto& entry :
       nlohmann::json::parse(ReadTestFile("tests/pixels/samples.json"))) {
    GoldenSample& sample = samples.emplace_back();
    sample.name = entry["file"];
    sample.file = ReadTestFile("tests/pixels/samples/" + sample.name);
    sample.exact = entry["exact"];
    sample.rgb = {entry["width"], entry["height"], FromHex(entry["rgb"])};
    sample.aspect_ratio_id = entry["aspect_ratio_id"];
    sample.tile_count = entry["tile_count"];
    sample.levels = FromHex(entry["levels"]);
    sample.sha256 = entry["sha256"];
  }
  return samples;
}

}  // namespace

const std::vector<GoldenSample>& GoldenSamples() {
  static const auto* samples = new std::vector<GoldenSample>(ReadSamples());
  return *samples;
}

PreprocessorConfig GoldenConfig(int tile_size, int max_tiles) {
  PreprocessorConfig config;
  config.tile_size = tile_size;
  config.max_tiles = max_tiles;
  config.mean = {0.48145466f, 0.4578275f, 0.40821073f};
  config.std = {0.26862954f, 0.26130258f, 0.27577711f};
  return config;
}

std::string ReadTestFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Sha256(const std::vector<float>& values) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(values.data()),
         values.size() * sizeof(float), digest);
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace stagebeam::pixels
