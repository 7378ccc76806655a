#include "libs/engine/torch_threads.h"

#include <gtest/gtest.h>

namespace stagebeam::engine {
namespace {

TEST(TorchThreads, AShareOfTimeCountsAsWholeCores) {
  EXPECT_EQ(CoresOfQuota("200000 100000\n"), 2);
  EXPECT_EQ(CoresOfQuota("250000 100000"), 3);
  EXPECT_EQ(CoresOfQuota("10000 100000"), 1);
}

TEST(TorchThreads, NoLimitIsNoLimit) {
  for (const char* text :
       {"max 100000\n", "", "0 0", "-1 100000", "7", "1 2 3"})
    EXPECT_EQ(CoresOfQuota(text), std::nullopt) << text;
}

TEST(TorchThreads, ThereIsAlwaysACore) { EXPECT_GE(UsableCores(), 1); }

}  // namespace
}  // namespace stagebeam::engine
