#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "libs/pixels/preprocessor.h"

namespace stagebeam::pixels {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

absl::StatusOr<PreprocessorConfig> LoadText(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/preprocessor_config.json";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  return PreprocessorConfig::Load(path);
}

std::string ErrorOf(const std::string& text) {
  const auto config = LoadText(text);
  if (config.ok()) return "no error";
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(config.status().message());
}

TEST(PreprocessorConfig, ReadsTheReferenceCheckpoint) {
  const auto config =
      PreprocessorConfig::Load("models/reference/preprocessor_config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->tile_size, 64);
  EXPECT_EQ(config->max_tiles, 4);
  EXPECT_EQ(config->rescale_factor, 0.00392156862745098);
  EXPECT_EQ(config->mean[1], 0.45782751f);
  EXPECT_EQ(config->std[2], 0.2757771f);
}

TEST(PreprocessorConfig, HasTheProcessorsDefaults) {
  const auto config = LoadText(R"({"image_mean": null})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->Fingerprint(), PreprocessorConfig().Fingerprint());
  EXPECT_EQ(config->tile_size, 224);
}

TEST(PreprocessorConfig, TakesOneNumberForAllChannels) {
  const auto config = LoadText(R"({"image_mean": 0.25, "image_std": 2})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->mean[2], 0.25f);
  EXPECT_EQ(config->std[0], 2.0f);
}

TEST(PreprocessorConfig, SaysWhichFileIsMissing) {
  const auto config =
      PreprocessorConfig::Load("/nowhere/preprocessor_config.json");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(config.status().message()),
              HasSubstr("/nowhere/preprocessor_config"));
}

TEST(PreprocessorConfig, RefusesWhatIsNotAnObject) {
  for (const char* text : {"", "[]", "{", "7", "{\"size\": }", "\xff\xfe"}) {
    EXPECT_THAT(ErrorOf(text), EndsWith(": not a JSON object")) << text;
  }
  EXPECT_THAT(ErrorOf(std::string(100000, '[')),
              EndsWith(": not a JSON object"));
  EXPECT_THAT(ErrorOf(std::string((1 << 20) + 1, ' ')),
              EndsWith(": over 1048576 bytes"));
}

TEST(PreprocessorConfig, NamesTheFieldAndItsLimit) {
  EXPECT_THAT(ErrorOf(R"({"size": 560})"),
              EndsWith(": size must be an object with height and width"));
  EXPECT_THAT(ErrorOf(R"({"size": {"height": 0, "width": 0}})"),
              EndsWith(": size.height must be an integer in [1, 4096]"));
  EXPECT_THAT(ErrorOf(R"({"size": {"height": 56, "width": 99999999999}})"),
              EndsWith(": size.width must be an integer in [1, 4096]"));
  EXPECT_THAT(ErrorOf(R"({"size": {"height": "56", "width": 56}})"),
              EndsWith(": size.height must be an integer in [1, 4096]"));
  EXPECT_THAT(ErrorOf(R"({"size": {"height": 56, "width": 57}})"),
              EndsWith(": size.width must equal size.height"));
  EXPECT_THAT(ErrorOf(R"({"max_image_tiles": 2.5})"),
              EndsWith(": max_image_tiles must be an integer in [1, 64]"));
  EXPECT_THAT(
      ErrorOf(
          R"({"size": {"height": 4096, "width": 4096}, "max_image_tiles": 5})"),
      HasSubstr(": max_image_tiles times size.height times size.width is over "
                "67108864"));
  EXPECT_THAT(ErrorOf(R"({"resample": 3})"),
              EndsWith(": resample must be 2 (bilinear)"));
  EXPECT_THAT(ErrorOf(R"({"rescale_factor": -1})"),
              EndsWith(": rescale_factor must be a number above 0"));
  EXPECT_THAT(ErrorOf(R"({"image_mean": [0.5, 0.5]})"),
              EndsWith(": image_mean must be 3 numbers"));
  EXPECT_THAT(ErrorOf(R"({"image_mean": [0.5, "x", 0.5]})"),
              EndsWith(": image_mean must be 3 numbers"));
  EXPECT_THAT(ErrorOf(R"({"image_std": [0.5, 0, 0.5]})"),
              EndsWith(": image_std must be 3 numbers above 0"));
  EXPECT_THAT(ErrorOf(R"({"image_std": [0.5, 1e300, 0.5]})"),
              EndsWith(": image_std must be 3 numbers above 0"));
  EXPECT_THAT(ErrorOf(R"({"do_pad": false})"),
              EndsWith(": do_pad must be true"));
}

TEST(PreprocessorConfig, FingerprintTellsEveryFieldApart) {
  PreprocessorConfig config;
  const std::string plain = config.Fingerprint();
  config.mean[1] = std::nextafter(config.mean[1], 1.0f);
  EXPECT_NE(config.Fingerprint(), plain);
  config = {};
  config.rescale_factor = std::nextafter(config.rescale_factor, 1.0);
  EXPECT_NE(config.Fingerprint(), plain);
  config = {};
  config.max_tiles = 3;
  EXPECT_NE(config.Fingerprint(), plain);
}

}  // namespace
}  // namespace stagebeam::pixels
