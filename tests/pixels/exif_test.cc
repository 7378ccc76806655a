#include "libs/pixels/exif.h"

#include <gtest/gtest.h>

#include <string>

namespace stagebeam::pixels {
namespace {

// A little-endian directory with one entry.
std::string Directory(char tag_low, char type, char value) {
  std::string exif("II*\0\x08\0\0\0\x01\0", 10);
  exif += {tag_low, 1, type, 0, 1, 0, 0, 0, value, 0, 0, 0};
  return exif + std::string(4, '\0');
}

TEST(ExifOrientation, ReadsTheTag) {
  EXPECT_EQ(ExifOrientation(Directory(0x12, 3, 6)), 6);
}

TEST(ExifOrientation, SkipsThePrefix) {
  EXPECT_EQ(ExifOrientation(std::string("Exif\0\0", 6) + Directory(0x12, 3, 8)),
            8);
}

TEST(ExifOrientation, IsUprightWithoutTheTag) {
  EXPECT_EQ(ExifOrientation(Directory(0x13, 3, 6)), 1);
  EXPECT_EQ(ExifOrientation(""), 1);
}

TEST(ExifOrientation, IsUprightForValuesAndTypesThatDoNotExist) {
  EXPECT_EQ(ExifOrientation(Directory(0x12, 3, 0)), 1);
  EXPECT_EQ(ExifOrientation(Directory(0x12, 3, 9)), 1);
  EXPECT_EQ(ExifOrientation(Directory(0x12, 2, 6)), 1);
}

TEST(ExifOrientation, ReadsNothingBeyondTheBytes) {
  const std::string whole = Directory(0x12, 3, 6);
  for (size_t size = 0; size + 5 < whole.size(); ++size) {
    // A copy of exactly this size, so that a sanitizer sees an overrun.
    EXPECT_EQ(ExifOrientation(std::string(whole.data(), size)), 1) << size;
  }
}

TEST(ExifOrientation, SurvivesAnOffsetAndACountOutOfRange) {
  std::string exif = Directory(0x12, 3, 6);
  exif.replace(4, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(ExifOrientation(exif), 1);
  exif = Directory(0x13, 3, 6);
  exif.replace(8, 2, "\xff\xff");
  EXPECT_EQ(ExifOrientation(exif), 1);
}

}  // namespace
}  // namespace stagebeam::pixels
