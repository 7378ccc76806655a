#ifndef STAGEBEAM_TESTS_ENGINE_GOLDEN_H_
#define STAGEBEAM_TESTS_ENGINE_GOLDEN_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libs/pixels/preprocessor.h"

namespace stagebeam::engine {

// One prompt and what Hugging Face's model makes of it (make_golden.py).
struct GoldenCase {
  std::string name;
  std::vector<int32_t> prompt;
  // 32 tokens of greatest logit that follow it.
  std::vector<int32_t> greedy;
  // Tiles that hold picture; 0: no picture, and no `pixels` and features.
  int tile_count = 0;
  // Index of <|image|> in the prompt.
  int image_index = 0;
  pixels::Tiles tiles;
  // fp32 [stored_tiles * rows_per_tile, hidden_size].
  int stored_tiles = 0;
  int hidden_size = 0;
  std::vector<float> features;
  // fp32 rows of the prompt and the greedy tokens, from row `first_row` on.
  int first_row = 0;
  std::vector<std::vector<float>> logits;
  // The same by a bf16 model: features, and logits of the last four rows.
  std::vector<float> bf16_features;
  std::vector<std::vector<float>> bf16_logits;

  bool has_picture() const { return tile_count > 0; }
  // Logits that stand behind token `row` of prompt and greedy tokens.
  const std::vector<float>& LogitsAfter(int row) const {
    return logits[row - first_row];
  }
  // Prompt and greedy tokens.
  std::vector<int32_t> AllTokens() const;
};

// A checkpoint directory and its cases.
struct GoldenModel {
  std::string directory;
  std::vector<GoldenCase> cases;

  const GoldenCase& Case(const std::string& name) const;
};

// All golden models by name.
std::vector<std::string> GoldenNames();
// Aborts the test program where the files do not hold together.
GoldenModel LoadGolden(const std::string& name);

// Greatest absolute difference; infinite where sizes differ or a NaN is there.
double MaxDifference(std::span<const float> a, std::span<const float> b);
// Cosine of the angle between the two as vectors.
double Cosine(std::span<const float> a, std::span<const float> b);
// |a - b| / |b|.
double RelativeDistance(std::span<const float> a, std::span<const float> b);
// Numbers of raw fp32 or bf16 bytes.
std::vector<float> FloatsOf(std::span<const char> fp32);
std::vector<float> FloatsOfBf16(std::span<const char> bf16);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_TESTS_ENGINE_GOLDEN_H_
