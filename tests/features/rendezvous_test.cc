#include "libs/features/rendezvous.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace stagebeam::features {
namespace {

constexpr int kKeys = 3000;

std::string Key(int i) { return "key " + std::to_string(i); }

TEST(Rendezvous, SpreadsKeysEvenly) {
  const Rendezvous places({"a:1", "b:1", "c:1"});
  std::map<size_t, int> counts;
  for (int i = 0; i < kKeys; ++i) ++counts[places.Pick(Key(i))];
  ASSERT_EQ(counts.size(), 3u);
  for (const auto& [place, count] : counts)
    EXPECT_NEAR(count, kKeys / 3, kKeys / 15);
}

TEST(Rendezvous, OrderOfNamesDoesNotMatter) {
  const std::vector<std::string> names = {"a:1", "b:1", "c:1"},
                                 turned = {"c:1", "a:1", "b:1"};
  const Rendezvous places(names), same(turned);
  for (int i = 0; i < kKeys; ++i) {
    EXPECT_EQ(names[places.Pick(Key(i))], turned[same.Pick(Key(i))]);
  }
}

TEST(Rendezvous, APlaceThatLeavesMovesOnlyItsOwnKeys) {
  const std::vector<std::string> names = {"a:1", "b:1", "c:1"};
  const Rendezvous before(names), after({"a:1", "b:1"});
  for (int i = 0; i < kKeys; ++i) {
    const size_t home = before.Pick(Key(i));
    if (names[home] != "c:1") {
      EXPECT_EQ(after.Pick(Key(i)), home);
    }
  }
}

}  // namespace
}  // namespace stagebeam::features
