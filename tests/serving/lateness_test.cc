#include "libs/serving/lateness.h"

#include <gtest/gtest.h>

namespace stagebeam::serving {
namespace {

using absl::StatusCode;

const absl::Time kArrival = absl::UnixEpoch();
const absl::Time kDeadline = kArrival + absl::Seconds(100);

StatusCode CodeAt(const absl::Status& status, absl::Duration left) {
  return WithLateness(status, kArrival, kDeadline, kDeadline - left).code();
}

TEST(Lateness, WhoCancelsWhenHisTimeIsUpIsLate) {
  const absl::Status cancelled = absl::CancelledError("gone");
  EXPECT_EQ(CodeAt(cancelled, absl::Seconds(-1)),
            StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeAt(cancelled, absl::Milliseconds(900)),
            StatusCode::kDeadlineExceeded);
}

TEST(Lateness, WhoCancelsEarlierHasGone) {
  EXPECT_EQ(CodeAt(absl::CancelledError("gone"), absl::Seconds(2)),
            StatusCode::kCancelled);
  EXPECT_EQ(WithLateness(absl::CancelledError("gone"), kArrival,
                         absl::InfiniteFuture(), kDeadline)
                .code(),
            StatusCode::kCancelled);
}

TEST(Lateness, OtherEndsStayAsTheyAre) {
  EXPECT_TRUE(
      WithLateness(absl::OkStatus(), kArrival, kDeadline, kDeadline).ok());
  EXPECT_EQ(CodeAt(absl::UnavailableError("down"), absl::ZeroDuration()),
            StatusCode::kUnavailable);
}

}  // namespace
}  // namespace stagebeam::serving
