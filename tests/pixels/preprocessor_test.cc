#include "libs/pixels/preprocessor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/pixels/golden_samples.h"

namespace stagebeam::pixels {
namespace {

// The picture that make_golden.py's pattern() draws.
RgbImage Pattern(uint32_t width, uint32_t height) {
  RgbImage image{static_cast<int>(width), static_cast<int>(height), {}};
  image.data.resize(size_t{3} * width * height);
  const uint32_t seed = (width * 65536 + height) * 40503u;
  for (size_t i = 0; i < image.data.size(); ++i) {
    image.data[i] = static_cast<uint8_t>(
        (static_cast<uint32_t>(i) * 2654435761u + seed) >> 24);
  }
  return image;
}

// Largest difference from the levels, in units of 1/255 before normalising.
double LargestDifference(const Tiles& tiles, const GoldenSample& sample,
                         const PreprocessorConfig& config) {
  const size_t plane = size_t{1} * config.tile_size * config.tile_size;
  double largest = 0;
  for (size_t i = 0; i < sample.levels.size(); ++i) {
    const size_t channel = i / plane % 3;
    const double level =
        (tiles.pixels[i] * config.std[channel] + config.mean[channel]) * 255;
    largest = std::max(largest, std::abs(level - sample.levels[i]));
  }
  return largest;
}

TEST(MakeTiles, TilesOfLosslessPicturesEqualTheProcessorBitForBit) {
  const PreprocessorConfig config = GoldenConfig(8, 4);
  for (const GoldenSample& sample : GoldenSamples()) {
    if (!sample.exact) continue;
    SCOPED_TRACE(sample.name);
    const auto image = DecodeImage(sample.file, {});
    ASSERT_TRUE(image.ok()) << image.status();
    const Tiles tiles = MakeTiles(*image, config);
    EXPECT_EQ(tiles.aspect_ratio_id, sample.aspect_ratio_id);
    EXPECT_EQ(tiles.tile_count, sample.tile_count);
    EXPECT_EQ(Sha256(tiles.pixels), sample.sha256);
  }
}

TEST(MakeTiles, TilesOfEveryPictureEqualTheProcessorWithinOneUnit) {
  const PreprocessorConfig config = GoldenConfig(8, 4);
  for (const GoldenSample& sample : GoldenSamples()) {
    SCOPED_TRACE(sample.name);
    const auto image = DecodeImage(sample.file, {});
    ASSERT_TRUE(image.ok()) << image.status();
    const Tiles tiles = MakeTiles(*image, config);
    ASSERT_EQ(tiles.tile_count, sample.tile_count);
    ASSERT_LE(sample.levels.size(), tiles.pixels.size());
    EXPECT_LE(LargestDifference(tiles, sample, config), 1.001);
  }
}

TEST(MakeTiles, TilesOfEveryShapeEqualTheProcessorBitForBit) {
  const auto table =
      nlohmann::json::parse(ReadTestFile("tests/pixels/shapes.json"));
  ASSERT_GE(table.size(), 200u);
  for (const auto& row : table) {
    SCOPED_TRACE(row.dump());
    const Tiles tiles =
        MakeTiles(Pattern(row[0], row[1]), GoldenConfig(row[2], row[3]));
    EXPECT_EQ(tiles.aspect_ratio_id, row[4]);
    EXPECT_EQ(tiles.tile_count, row[5]);
    EXPECT_EQ(Sha256(tiles.pixels), row[6]);
  }
}

TEST(MakeTiles, UnusedTilesAreZeroAndPaddingIsNormalisedBlack) {
  const PreprocessorConfig config = GoldenConfig(8, 4);
  RgbImage white{8, 4, std::vector<uint8_t>(8 * 4 * 3, 255)};
  const Tiles tiles = MakeTiles(white, config);
  ASSERT_EQ(tiles.pixels.size(), 4u * 3 * 8 * 8);
  ASSERT_EQ(tiles.tile_count, 1);
  EXPECT_EQ(tiles.pixels[3 * 8], (1 - config.mean[0]) / config.std[0]);
  EXPECT_EQ(tiles.pixels[4 * 8], (0 - config.mean[0]) / config.std[0]);
  for (size_t i = 3 * 8 * 8; i < tiles.pixels.size(); ++i)
    ASSERT_EQ(tiles.pixels[i], 0.0f);
}

}  // namespace
}  // namespace stagebeam::pixels
