#include "benchmarks/read_bandwidth.h"

#include <gtest/gtest.h>

namespace stagebeam::benchmarks {
namespace {

TEST(ReadBuffer, HoldsWholeHugePages) {
  const auto buffer = ReadBuffer::Make(Pages::kSmall, 1);
  ASSERT_TRUE(buffer.ok()) << buffer.status();
  EXPECT_EQ((*buffer)->bytes(), 2 << 20);
}

TEST(ReadBuffer, AnyNumberOfThreadsReadsIt) {
  const auto buffer = ReadBuffer::Make(Pages::kHuge, 5 << 20);
  ASSERT_TRUE(buffer.ok()) << buffer.status();
  for (const int threads : {1, 2, 3, 7}) {
    EXPECT_GT((*buffer)->Read(threads), 0) << threads;
  }
}

TEST(ReadBuffer, SmallPagesAreNoHugeOnes) {
  const auto buffer = ReadBuffer::Make(Pages::kSmall, 8 << 20);
  ASSERT_TRUE(buffer.ok()) << buffer.status();
  EXPECT_EQ((*buffer)->huge_share(), 0);
}

TEST(ReadBuffer, MoreThanThereIsIsRefused) {
  const auto buffer = ReadBuffer::Make(Pages::kSmall, int64_t{1} << 60);
  EXPECT_EQ(buffer.status().code(), absl::StatusCode::kResourceExhausted)
      << buffer.status();
}

}  // namespace
}  // namespace stagebeam::benchmarks
