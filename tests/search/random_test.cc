#include "libs/search/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

namespace stagebeam::search {
namespace {

// First outputs of the published algorithm for seed 0 and 1234567.
TEST(RandomStream, DrawsThePublishedNumbers) {
  RandomStream zero(0);
  EXPECT_EQ(zero.Next(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(zero.Next(), 0x6e789e6aa1b965f4u);
  RandomStream other(1234567);
  EXPECT_EQ(other.Next(), 6457827717110365317u);
  EXPECT_EQ(other.Next(), 3203168211198807973u);
}

TEST(RandomStream, StaysBelowItsBoundAndReachesAllOfIt) {
  RandomStream random(3);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Below(7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(*seen.rbegin(), 6u);
}

TEST(RandomStream, ShufflesToEveryOrderEquallyOften) {
  std::map<std::array<int, 3>, int> counts;
  RandomStream random(5);
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> items = {0, 1, 2};
    random.Shuffle(items);
    ++counts[{items[0], items[1], items[2]}];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) {
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
}

TEST(DeriveSeed, DiffersByEveryPart) {
  std::set<int64_t> seeds;
  for (int64_t seed : {0, 1, -1}) {
    for (SeedUse use :
         {SeedUse::kSampling, SeedUse::kPairing, SeedUse::kJudging}) {
      for (uint64_t round = 0; round < 5; ++round) {
        for (uint64_t index = 0; index < 5; ++index) {
          seeds.insert(DeriveSeed(seed, use, round, index));
        }
      }
    }
  }
  EXPECT_EQ(seeds.size(), 3u * 3 * 5 * 5);
}

}  // namespace
}  // namespace stagebeam::search
