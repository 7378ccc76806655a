#include "libs/features/checksum.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace stagebeam::features {
namespace {

// Values of the xxhash reference implementation.
TEST(Checksum, IsXxh64) {
  EXPECT_EQ(Checksum64(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(Checksum64("a"), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(Checksum64("abc"), 0x44BC2CF5AD770999u);
}

TEST(Checksum, CoversEveryByteAtEveryLength) {
  for (size_t size = 1; size < 100; ++size) {
    std::string bytes(size, 'x');
    std::set<uint64_t> seen = {Checksum64(bytes)};
    for (char& byte : bytes) {
      byte ^= 1;
      EXPECT_TRUE(seen.insert(Checksum64(bytes)).second) << size;
      byte ^= 1;
    }
  }
}

TEST(Checksum, ChangesWithTheSeed) {
  EXPECT_NE(Checksum64("abc", 0), Checksum64("abc", 1));
}

}  // namespace
}  // namespace stagebeam::features
