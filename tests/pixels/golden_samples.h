#ifndef STAGEBEAM_TESTS_PIXELS_GOLDEN_SAMPLES_H_
#define STAGEBEAM_TESTS_PIXELS_GOLDEN_SAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "libs/pixels/preprocessor.h"

namespace stagebeam::pixels {

// One picture of tests/pixels/samples and what Pillow and the Hugging Face
// processor make of it (make_golden.py).
struct GoldenSample {
  std::string name;
  // The file's bytes.
  std::string file;
  // False where decoders may differ by a unit (lossy formats).
  bool exact = false;
  RgbImage rgb;
  int aspect_ratio_id = 0;
  int tile_count = 0;
  // [tile_count, 3, 8, 8], before normalising.
  std::vector<uint8_t> levels;
  // Of the processor's pixel_values, float32.
  std::string sha256;
};

// Every sample, read once.
const std::vector<GoldenSample>& GoldenSamples();

// The processor that the golden values were made with.
PreprocessorConfig GoldenConfig(int tile_size, int max_tiles);

// Whole file; fails the test where there is none.
std::string ReadTestFile(const std::string& path);

// Hex SHA-256 of the floats' bytes.
std::string Sha256(const std::vector<float>& values);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_TESTS_PIXELS_GOLDEN_SAMPLES_H_
