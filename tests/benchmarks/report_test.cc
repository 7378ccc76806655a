#include "benchmarks/report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stagebeam::benchmarks {
namespace {

TEST(Report, FiguresHaveFourDigits) {
  EXPECT_EQ(Rounded(123456), 123500);
  EXPECT_EQ(Rounded(0.000123449), 0.0001234);
  EXPECT_EQ(Rounded(-9.99999), -10);
  EXPECT_EQ(Rounded(0), 0);
}

TEST(Report, TheMedianOfAnEvenNumberLiesBetweenTheMiddleTwo) {
  EXPECT_EQ(Median({3}), 3);
  EXPECT_EQ(Median({5, 1, 3}), 3);
  EXPECT_EQ(Median({8, 1, 2, 4}), 3);
}

TEST(Report, LimitsSayWhatTheyAre) {
  const Line line = LimitsLine(LimitsMeter({.threads = 3}));
  EXPECT_EQ(line["what"], "limits");
  EXPECT_EQ(line["threads"], 3);
  EXPECT_EQ(line["read_huge_pages_gb_s"], 0);
}

}  // namespace
}  // namespace stagebeam::benchmarks
