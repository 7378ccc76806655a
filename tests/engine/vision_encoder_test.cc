#include "libs/engine/vision_encoder.h"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/golden.h"
#include "tests/engine/scratch_directory.h"

namespace stagebeam::engine {
namespace {

using testing::HasSubstr;

EngineOptions OptionsFor(const std::string& directory, DType dtype) {
  EngineOptions options;
  options.checkpoint = directory;
  options.dtype = dtype;
  return options;
}

std::unique_ptr<VisionEncoder> LoadEncoder(const GoldenModel& golden,
                                           DType dtype) {
  auto encoder = VisionEncoder::Load(OptionsFor(golden.directory, dtype));
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  return *std::move(encoder);
}

class VisionEncoderParity : public testing::TestWithParam<std::string> {
 protected:
  VisionEncoderParity() : golden_(LoadGolden(GetParam())) {}

  const GoldenModel golden_;
};

// The promise is 1e-3; what is measured is below 1e-4.
TEST_P(VisionEncoderParity, FeaturesEqualHuggingFace) {
  const auto encoder = LoadEncoder(golden_, DType::kFloat32);
  double worst = 0;
  for (const GoldenCase& golden : golden_.cases) {
    if (!golden.has_picture()) continue;
    const auto features = encoder->Encode(golden.tiles);
    ASSERT_TRUE(features.ok()) << features.status();
    worst =
        std::max(worst, MaxDifference(FloatsOf(*features), golden.features));
  }
  RecordProperty("max_difference", std::to_string(worst));
  EXPECT_LE(worst, 1e-4);
}

TEST_P(VisionEncoderParity, Bf16StaysAsNearAsHuggingFacesBf16) {
  const auto encoder = LoadEncoder(golden_, DType::kBFloat16);
  for (const GoldenCase& golden : golden_.cases) {
    if (!golden.has_picture()) continue;
    const auto bytes = encoder->Encode(golden.tiles);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const std::vector<float> features = FloatsOfBf16(*bytes);
    EXPECT_GE(Cosine(features, golden.bf16_features), 0.9998) << golden.name;
    EXPECT_LE(RelativeDistance(features, golden.bf16_features), 0.02)
        << golden.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, VisionEncoderParity,
                         testing::ValuesIn(GoldenNames()),
                         [](const auto& info) { return info.param; });

TEST(VisionEncoder, SaysWhatItsFeaturesAre) {
  const auto encoder = LoadEncoder(LoadGolden("three_tiles"), DType::kFloat32);
  EXPECT_EQ(encoder->max_tiles(), 3);
  EXPECT_EQ(encoder->rows_per_tile(), 5);
  EXPECT_EQ(encoder->hidden_size(), 48);
  EXPECT_EQ(encoder->preprocessor().tile_size, 28);
  EXPECT_EQ(encoder->vision_digest().size(), 64u);
}

TEST(VisionEncoder, GivesConcurrentCallersTheSameFeatures) {
  const GoldenModel golden = LoadGolden("three_tiles");
  const auto encoder = LoadEncoder(golden, DType::kFloat32);
  std::vector<std::string> features(4);
  std::vector<std::thread> callers;
  for (std::string& mine : features) {
    callers.emplace_back(
        [&] { mine = encoder->Encode(golden.Case("tiles2").tiles).value(); });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::string& mine : features) {
    EXPECT_LE(MaxDifference(FloatsOf(mine), golden.Case("tiles2").features),
              1e-4);
  }
}

TEST(VisionEncoder, RefusesTilesOfAnotherPreprocessor) {
  const GoldenModel golden = LoadGolden("three_tiles");
  const auto encoder = LoadEncoder(golden, DType::kFloat32);
  const pixels::Tiles good = golden.Case("tiles2").tiles;
  pixels::Tiles small = good, many = good, none = good, ratio = good;
  small.pixels.pop_back();
  many.tile_count = 4;
  none.tile_count = 0;
  ratio.aspect_ratio_id = 6;
  for (const pixels::Tiles& tiles : {small, many, none, ratio}) {
    const auto features = encoder->Encode(tiles);
    EXPECT_EQ(features.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(features.status().message(), HasSubstr("3 of 28 pixels"));
  }
}

TEST(VisionEncoder, RefusesAPreprocessorThatMakesOtherTiles) {
  const ScratchDirectory scratch;
  scratch.CopyFrom(LoadGolden("three_tiles").directory);
  scratch.Write(
      "preprocessor_config.json",
      R"({"size": {"height": 28, "width": 28}, "max_image_tiles": 4})");
  const auto encoder =
      VisionEncoder::Load(OptionsFor(scratch.path(), DType::kFloat32));
  EXPECT_EQ(encoder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(encoder.status().message(),
              HasSubstr("makes 4 tiles of 28 pixels"));
}

TEST(VisionEncoder, NamesADeviceThatIsNotThere) {
  EngineOptions options =
      OptionsFor(LoadGolden("three_tiles").directory, DType::kFloat32);
  for (const std::string device : {"abacus", "cuda:", "cuda:-1", "cuda:99"}) {
    options.device = device;
    const auto encoder = VisionEncoder::Load(options);
    EXPECT_EQ(encoder.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(encoder.status().message(), HasSubstr("device: "));
    EXPECT_THAT(encoder.status().message(), HasSubstr(device));
  }
}

}  // namespace
}  // namespace stagebeam::engine
