#include "libs/pixels/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/pixels/golden_samples.h"

namespace stagebeam::pixels {
namespace {

std::vector<GoldenSample> ExactSamples(bool exact) {
  std::vector<GoldenSample> chosen;
  for (const GoldenSample& sample : GoldenSamples()) {
    if (sample.exact == exact) chosen.push_back(sample);
  }
  return chosen;
}

int LargestDifference(const std::vector<uint8_t>& a,
                      const std::vector<uint8_t>& b) {
  if (a.size() != b.size()) return 256;
  int largest = 0;
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(DecodeImage, LosslessPicturesEqualPillowByteForByte) {
  ASSERT_GE(ExactSamples(true).size(), 90u);
  for (const GoldenSample& sample : ExactSamples(true)) {
    SCOPED_TRACE(sample.name);
    const auto image = DecodeImage(sample.file, ImageLimits());
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->width, sample.rgb.width);
    EXPECT_EQ(image->height, sample.rgb.height);
    EXPECT_EQ(LargestDifference(image->data, sample.rgb.data), 0);
  }
}

TEST(DecodeImage, LossyPicturesEqualPillowWithinOneUnit) {
  ASSERT_GE(ExactSamples(false).size(), 25u);
  int different = 0;
  for (const GoldenSample& sample : ExactSamples(false)) {
    SCOPED_TRACE(sample.name);
    const auto image = DecodeImage(sample.file, ImageLimits());
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->width, sample.rgb.width);
    EXPECT_EQ(image->height, sample.rgb.height);
    EXPECT_LE(LargestDifference(image->data, sample.rgb.data), 1);
    different += image->data != sample.rgb.data;
  }
  RecordProperty("lossy_samples_not_byte_equal", different);
}

TEST(DecodeImage, OrientationTurnsTheSamePictureUpright) {
  const auto stored =
      DecodeImage(ReadTestFile("tests/pixels/samples/orientation1.png"), {});
  const auto turned =
      DecodeImage(ReadTestFile("tests/pixels/samples/orientation6.png"), {});
  ASSERT_TRUE(stored.ok() && turned.ok());
  ASSERT_EQ(turned->width, stored->height);
  ASSERT_EQ(turned->height, stored->width);
  // Clockwise: what was at the left of the bottom row is now at the top left.
  const uint8_t* bottom_left =
      stored->data.data() + 3 * (stored->height - 1) * stored->width;
  EXPECT_EQ(
      std::vector<uint8_t>(bottom_left, bottom_left + 3),
      std::vector<uint8_t>(turned->data.begin(), turned->data.begin() + 3));
}

}  // namespace
}  // namespace stagebeam::pixels
