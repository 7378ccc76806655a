#include "services/orchestrator/image_key.h"

#include <gtest/gtest.h>

#include <string>

namespace stagebeam::orchestrator {
namespace {

const std::string kDigest(64, 'a');

TEST(ImageKey, ComesBackAsItWent) {
  const inference::ImageFeatures features{kDigest, 3, 1025, 4096, 4};
  const std::string key = FormatImageKey(features);
  EXPECT_EQ(key, kDigest + "-3x1025x4096x4");
  const auto parsed = ParseImageKey(key);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, features);
}

TEST(ImageKey, MayHaveDashesInTheFeatureKey) {
  const inference::ImageFeatures features{"v1-abc", 1, 2, 3, 4};
  EXPECT_EQ(*ParseImageKey(FormatImageKey(features)), features);
}

TEST(ImageKey, IsRefusedInAnyOtherForm) {
  for (const std::string& key : {std::string(),
                                 std::string("abc"),
                                 kDigest,
                                 kDigest + "-",
                                 kDigest + "-1x2x3",
                                 kDigest + "-1x2x3x4x5",
                                 kDigest + "-1x2x3x4 ",
                                 kDigest + "-0x2x3x4",
                                 kDigest + "-01x2x3x4",
                                 kDigest + "-+1x2x3x4",
                                 kDigest + "--1x2x3x4",
                                 kDigest + "-1x2x3xA",
                                 kDigest + "-1x2x3x",
                                 kDigest + "-5x2x3x4",
                                 kDigest + "-1x2x99999999999999999999x4",
                                 kDigest + "-1x2x3000000x4",
                                 std::string("-1x2x3x4"),
                                 std::string("a/b-1x2x3x4"),
                                 std::string("a\nb-1x2x3x4"),
                                 std::string(129, 'a') + "-1x2x3x4"}) {
    const auto parsed = ParseImageKey(key);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument)
        << key;
    EXPECT_EQ(parsed.status().message(),
              "image_key: must be the image_key of an earlier response");
  }
}

}  // namespace
}  // namespace stagebeam::orchestrator
