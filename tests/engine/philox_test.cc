#include "libs/engine/philox.h"

#include <gtest/gtest.h>

#include <set>

namespace stagebeam::engine {
namespace {

// The known answers that the authors publish with Random123.
TEST(Philox, GivesThePublishedWords) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       {0xffffffff, 0xffffffff}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, DrawsLieInTheUnitInterval) {
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double u = DrawUniform(7, 0, 0, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Philox, EveryPartOfTheAddressMatters) {
  const std::set<double> draws = {
      DrawUniform(1, 2, 3, 4), DrawUniform(2, 2, 3, 4),
      DrawUniform(1, 3, 3, 4), DrawUniform(1, 2, 4, 4),
      DrawUniform(1, 2, 3, 5), DrawUniform(1 + (int64_t{1} << 32), 2, 3, 4),
      DrawUniform(-1, 2, 3, 4)};
  EXPECT_EQ(draws.size(), 7u);
}

}  // namespace
}  // namespace stagebeam::engine
