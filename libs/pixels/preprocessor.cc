#include "libs/pixels/preprocessor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libs/pixels/canvas.h"
#include "libs/pixels/resize.h"

namespace stagebeam::pixels {
namespace {

// The model's input for each byte of one channel: float32(byte * rescale),
// then normalised in float32, as the Hugging Face processor rounds.
using LevelTable = std::array<float, 256>;

LevelTable Levels(const PreprocessorConfig& config, int channel) {
  LevelTable levels;
  for (int i = 0; i < 256; ++i) {
    const float scaled = static_cast<float>(i * config.rescale_factor);
    levels[i] = (scaled - config.mean[channel]) / config.std[channel];
  }
  return levels;
}

// Writes the tile at (row, column) of one channel, [side, side]. Beyond the
// picture a tile holds the level of byte 0.
void WriteTile(const RgbImage& picture, int row, int column, int channel,
               const LevelTable& levels, int side, float* out) {
  std::fill_n(out, size_t{1} * side * side, levels[0]);
  const int height = std::clamp(picture.height - row * side, 0, side);
  const int width = std::clamp(picture.width - column * side, 0, side);
  for (int y = 0; y < height; ++y, out += side) {
    const size_t first =
        size_t{1} * (row * side + y) * picture.width + column * side;
    const uint8_t* pixel = picture.data.data() + 3 * first + channel;
    for (int x = 0; x < width; ++x) out[x] = levels[pixel[size_t{3} * x]];
  }
}

}  // namespace

Tiles MakeTiles(const RgbImage& image, const PreprocessorConfig& config) {
  const int side = config.tile_size;
  const Canvas canvas =
      ChooseCanvas(image.width, image.height, side, config.max_tiles);
  const RgbImage picture = Resize(image, canvas.width, canvas.height);
  const size_t plane = size_t{1} * side * side;

  Tiles tiles;
  tiles.tile_count = canvas.rows * canvas.columns;
  tiles.aspect_ratio_id = canvas.aspect_ratio_id;
  tiles.pixels.resize(3 * plane * config.max_tiles);
  for (int channel = 0; channel < 3; ++channel) {
    const LevelTable levels = Levels(config, channel);
    for (int tile = 0; tile < tiles.tile_count; ++tile) {
      WriteTile(picture, tile / canvas.columns, tile % canvas.columns, channel,
                levels, side,
                tiles.pixels.data() + (size_t{3} * tile + channel) * plane);
    }
  }
  return tiles;
}

}  // namespace stagebeam::pixels
