#include "libs/features/feature_blob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/features/checksum.h"
#include "tests/features/blobs.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;
using ::testing::HasSubstr;

// `bytes` with `text` written at `offset`, under a checksum that matches again.
std::string Patched(std::string bytes, size_t offset, const std::string& text) {
  bytes.replace(offset, text.size(), text);
  bytes.resize(bytes.size() - 8);
  const uint64_t checksum = Checksum64(bytes);
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  return bytes;
}

std::string WhyNot(std::string bytes) {
  const auto blob = FeatureBlob::Parse(std::move(bytes));
  EXPECT_EQ(blob.status().code(), absl::StatusCode::kDataLoss);
  return std::string(blob.status().message());
}

TEST(FeatureBlob, ComesBackAsItWent) {
  const FeatureShape shape{FeatureDType::kFloat32, 2, 3, 5, 4};
  std::string payload(4 * 4 * 3 * 5, '\0');
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i);
  const auto made = FeatureBlob::Create(shape, "abc", payload);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto read = FeatureBlob::Parse((*made)->bytes());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->shape(), shape);
  EXPECT_EQ((*read)->vision_digest(), "abc");
  EXPECT_EQ(std::string((*read)->payload().begin(), (*read)->payload().end()),
            payload);
  EXPECT_EQ((*read)->bytes(), (*made)->bytes());
}

TEST(FeatureBlob, NeedsAPayloadOfItsShape) {
  const FeatureShape shape{FeatureDType::kFloat32, 1, 1, 1, 1};
  EXPECT_EQ(FeatureBlob::Create(shape, "d", "123").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      FeatureBlob::Create(shape, std::string(256, 'd'), "1234").status().code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(FeatureBlob, NeedsASensibleShape) {
  for (const FeatureShape shape :
       {FeatureShape{FeatureDType::kFloat32, 0, 1, 1, 1},
        FeatureShape{FeatureDType::kFloat32, 2, 1, 1, 1},
        FeatureShape{FeatureDType::kFloat32, 1, -1, 1, 1},
        FeatureShape{FeatureDType::kFloat32, 1, 1, 0, 1},
        FeatureShape{static_cast<FeatureDType>(9), 1, 1, 1, 1}}) {
    EXPECT_EQ(FeatureBlob::Create(shape, "d", "1234").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(FeatureBlob, EveryTruncationIsFound) {
  const std::string bytes = MakeBlob(64)->bytes();
  for (size_t size = 0; size < bytes.size(); ++size)
    WhyNot(bytes.substr(0, size));
}

TEST(FeatureBlob, EveryFlippedBitIsFound) {
  const std::string bytes = MakeBlob(64)->bytes();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    WhyNot(flipped);
  }
}

TEST(FeatureBlob, SaysWhatDoesNotVerify) {
  const std::string bytes = MakeBlob(64)->bytes();
  EXPECT_THAT(WhyNot("not a blob"), HasSubstr("magic"));
  EXPECT_THAT(WhyNot(bytes.substr(0, 7)), HasSubstr("truncated"));
  EXPECT_THAT(WhyNot(bytes + "x"), HasSubstr("goes on"));
  EXPECT_THAT(WhyNot(Patched(bytes, 6, "\x02")), HasSubstr("version 2"));
  std::string flipped = bytes;
  flipped[bytes.size() - 20] ^= 1;
  EXPECT_THAT(WhyNot(flipped), HasSubstr("checksum"));
}

TEST(FeatureBlob, AShapeThatLiesIsFoundUnderAValidChecksum) {
  const std::string bytes = MakeBlob(64)->bytes();
  EXPECT_THAT(WhyNot(Patched(bytes, 8, "\x07")), HasSubstr("dtype"));
  EXPECT_THAT(WhyNot(Patched(bytes, 9, "\x09")), HasSubstr("tile_count"));
  EXPECT_THAT(WhyNot(Patched(bytes, 13, "\xff\xff\xff\x7f")),
              HasSubstr("shape"));
  EXPECT_THAT(WhyNot(Patched(bytes, 13, "\xff\xff\xff\xff")),
              HasSubstr("shape"));
  EXPECT_THAT(WhyNot(Patched(bytes, 13, "\x05")), HasSubstr("payload"));
}

TEST(FeatureKey, ChangesWithEachPart) {
  const std::set<std::string> keys = {
      FeatureKey("a", "b", "c"), FeatureKey("x", "b", "c"),
      FeatureKey("a", "x", "c"), FeatureKey("a", "b", "x")};
  EXPECT_EQ(keys.size(), 4u);
  EXPECT_EQ(FeatureKey("a", "b", "c"), FeatureKey("a", "b", "c"));
  EXPECT_EQ(FeatureKey("a", "b", "c").size(), 64u);
}

TEST(FeatureKey, KnowsWhereAPartEnds) {
  EXPECT_NE(FeatureKey("ab", "c", "d"), FeatureKey("a", "bc", "d"));
  EXPECT_NE(FeatureKey("", "a", ""), FeatureKey("a", "", ""));
}

}  // namespace
}  // namespace stagebeam::features
