#include "services/orchestrator/pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stagebeam::orchestrator {
namespace {

using testing::HasSubstr;

const absl::Time kStart = absl::UnixEpoch();

TEST(Pace, KnowsNothingBeforeTheFirstStage) {
  const Pace pace(search::StageBeam{4, 1}, kStart + absl::Seconds(1));
  EXPECT_EQ(pace.WhyTooSlow(kStart), std::nullopt);
}

TEST(Pace, HasTimeWhereTheStagesToComeFit) {
  Pace pace(search::StageBeam{4, 1}, kStart + absl::Seconds(10));
  pace.ExpansionTook(absl::Seconds(2));
  EXPECT_EQ(pace.WhyTooSlow(kStart + absl::Seconds(2)), std::nullopt);
}

TEST(Pace, IsTooSlowWhereTheyDoNot) {
  Pace pace(search::StageBeam{4, 1}, kStart + absl::Seconds(10));
  pace.ExpansionTook(absl::Seconds(4));
  const auto why = pace.WhyTooSlow(kStart + absl::Seconds(4));
  ASSERT_TRUE(why.has_value());
  EXPECT_THAT(*why, HasSubstr("6s left"));
  EXPECT_THAT(*why, HasSubstr("took 4s"));
}

TEST(Pace, CountsTheSlowestStage) {
  Pace pace(search::StageBeam{4, 1}, kStart + absl::Seconds(10));
  pace.ExpansionTook(absl::Seconds(4));
  pace.ExpansionTook(absl::Milliseconds(1));
  EXPECT_TRUE(pace.WhyTooSlow(kStart + absl::Seconds(4)).has_value());
}

TEST(Pace, LeavesSentencesTimeToWriteTheRest) {
  Pace pace(search::SentenceBeam{4, 64}, kStart + absl::Seconds(10));
  pace.ExpansionTook(absl::Seconds(1));
  EXPECT_EQ(pace.WhyTooSlow(kStart + absl::Seconds(1)), std::nullopt);
  EXPECT_TRUE(pace.WhyTooSlow(kStart + absl::Seconds(5)).has_value());
}

TEST(Pace, NeverHurriesWithoutADeadline) {
  Pace pace(search::StageBeam{4, 1}, absl::InfiniteFuture());
  pace.ExpansionTook(absl::Hours(1));
  EXPECT_EQ(pace.WhyTooSlow(kStart), std::nullopt);
}

}  // namespace
}  // namespace stagebeam::orchestrator
