#include "services/orchestrator/worker_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::orchestrator {
namespace {

TEST(ForCaller, AsksToTryLaterWhereWorkersAreFullOrGone) {
  for (const absl::Status& error :
       {absl::ResourceExhaustedError("queue is full"),
        absl::UnavailableError("nobody answers")}) {
    const absl::Status told = ForCaller(error, false);
    EXPECT_TRUE(absl::IsUnavailable(told));
    EXPECT_EQ(told.message(), error.message());
    EXPECT_TRUE(serving::RetryDelay(told).has_value());
  }
}

TEST(ForCaller, KeepsTheWorkersRetryDelay) {
  const absl::Status full = serving::RetryAfter(
      absl::ResourceExhaustedError("queue is full"), absl::Seconds(7));
  EXPECT_EQ(serving::RetryDelay(ForCaller(full, false)), absl::Seconds(7));
}

TEST(ForCaller, NamesTheFieldAsTheCallerKnowsIt) {
  const absl::Status told = ForCaller(
      serving::InvalidField("stopping.max_new_tokens", "at most 9"), false);
  EXPECT_EQ(told.message(), "search.max_candidate_tokens: at most 9");
  EXPECT_EQ(ForCaller(absl::InvalidArgumentError("sampling.top_p: no"), false)
                .message(),
            "search.sampling.top_p: no");
  EXPECT_EQ(ForCaller(absl::InvalidArgumentError("image: is broken"), false),
            serving::InvalidField("image", "is broken"));
}

TEST(ForCaller, AsksForThePictureWhereTheKeysFeaturesAreGone) {
  const absl::Status told = ForCaller(absl::NotFoundError("no blob"), true);
  EXPECT_EQ(told, absl::NotFoundError(
                      "image_key: its features are gone; send the picture"));
  EXPECT_TRUE(absl::IsNotFound(
      ForCaller(absl::FailedPreconditionError("another model"), true)));
  EXPECT_TRUE(absl::IsUnavailable(
      ForCaller(absl::FailedPreconditionError("another model"), false)));
}

TEST(ForCaller, LeavesTheCallersOwnEndAlone) {
  EXPECT_TRUE(absl::IsCancelled(ForCaller(absl::CancelledError("x"), false)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ForCaller(absl::DeadlineExceededError("x"), false)));
  EXPECT_TRUE(absl::IsInternal(ForCaller(absl::DataLossError("x"), false)));
}

}  // namespace
}  // namespace stagebeam::orchestrator
