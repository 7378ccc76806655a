#include "libs/engine/prefill_pace.h"

#include <gtest/gtest.h>

namespace stagebeam::engine {
namespace {

constexpr int kChunk = 256;

PrefillPace PaceOf(absl::Duration max_stall) {
  return PrefillPace(kChunk, max_stall);
}

TEST(PrefillPace, NobodyStallsWhereNobodyDecodes) {
  PrefillPace pace = PaceOf(absl::Milliseconds(1));
  pace.StepTook(100, 0, absl::Seconds(10));
  EXPECT_EQ(pace.Budget(/*decoding=*/false), kChunk);
}

TEST(PrefillPace, TheFirstStepBesideBranchesIsShort) {
  EXPECT_LT(PaceOf(absl::Seconds(1)).Budget(/*decoding=*/true), kChunk);
}

TEST(PrefillPace, AStepTakesWhatFitsBesideADecodeStep) {
  PrefillPace pace = PaceOf(absl::Milliseconds(200));
  pace.StepTook(0, 4, absl::Milliseconds(50));
  pace.StepTook(100, 0, absl::Milliseconds(500));
  EXPECT_EQ(pace.Budget(/*decoding=*/true), 30);
}

TEST(PrefillPace, AQuickMachineTakesTheWholeChunk) {
  PrefillPace pace = PaceOf(absl::Milliseconds(200));
  pace.StepTook(256, 4, absl::Milliseconds(20));
  EXPECT_EQ(pace.Budget(/*decoding=*/true), kChunk);
}

TEST(PrefillPace, ASlowMachineStillGetsOn) {
  PrefillPace pace = PaceOf(absl::Milliseconds(1));
  pace.StepTook(0, 1, absl::Seconds(1));
  pace.StepTook(16, 0, absl::Seconds(10));
  EXPECT_EQ(pace.Budget(/*decoding=*/true), 16);
}

TEST(PrefillPace, FollowsAMachineThatBecomesSlower) {
  PrefillPace pace = PaceOf(absl::Milliseconds(200));
  pace.StepTook(100, 0, absl::Milliseconds(100));
  const int before = pace.Budget(/*decoding=*/true);
  for (int i = 0; i < 20; ++i) pace.StepTook(100, 0, absl::Milliseconds(400));
  EXPECT_LT(pace.Budget(/*decoding=*/true), before / 3);
}

TEST(PrefillPace, AChunkBelowTheLeastIsKept) {
  PrefillPace pace(4, absl::Milliseconds(1));
  pace.StepTook(0, 1, absl::Seconds(1));
  EXPECT_EQ(pace.Budget(/*decoding=*/true), 4);
}

}  // namespace
}  // namespace stagebeam::engine
