#ifndef STAGEBEAM_LIBS_PIXELS_PREPROCESSOR_H_
#define STAGEBEAM_LIBS_PIXELS_PREPROCESSOR_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pixels/image_decoder.h"

namespace stagebeam::pixels {

// preprocessor_config.json, with the defaults of Hugging Face's
// MllamaImageProcessor.
struct PreprocessorConfig {
  // Side of a square tile, pixels.
  int tile_size = 224;
  int max_tiles = 4;
  double rescale_factor = 1.0 / 255.0;
  std::array<float, 3> mean = {0.5f, 0.5f, 0.5f};
  std::array<float, 3> std = {0.5f, 0.5f, 0.5f};

  // Reads the file. INVALID_ARGUMENT names the field and its limit; NOT_FOUND:
  // no such file.
  static absl::StatusOr<PreprocessorConfig> Load(const std::string& path);

  // Every field in one line; equal where the pixels come out equal. Part of
  // the features' key.
  std::string Fingerprint() const;
};

// The vision model's input for one picture.
struct Tiles {
  // [max_tiles, 3, tile_size, tile_size]; tiles past tile_count are 0.0.
  std::vector<float> pixels;
  // Tiles that hold picture, [1, max_tiles].
  int tile_count = 0;
  // 1 + place of (rows, columns) in the list of arrangements.
  int aspect_ratio_id = 0;
};

// Chooses the canvas of tiles, resizes, pads and normalises. Cannot fail for a
// decoded image.
Tiles MakeTiles(const RgbImage& image, const PreprocessorConfig& config);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_PREPROCESSOR_H_
