#include "libs/features/breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "libs/features/breaker_store.h"
#include "libs/features/store_status.h"
#include "tests/features/blobs.h"
#include "tests/features/scripted_store.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;
using ::stagebeam::testing::ScriptedStore;
using ::testing::ElementsAre;

class BreakerTest : public ::testing::Test {
 protected:
  absl::Status Get() {
    return guarded_.Get("k", absl::InfiniteFuture()).status();
  }
  void Break(int calls) {
    store_->failure = absl::UnavailableError("connection refused");
    for (int i = 0; i < calls; ++i) EXPECT_FALSE(Get().ok());
  }
  void Mend() { store_->failure = absl::OkStatus(); }
  void Pass(absl::Duration time) { now_ += time; }

  absl::Time now_ = absl::UnixEpoch();
  std::vector<bool> changes_;
  std::shared_ptr<ScriptedStore> store_ = std::make_shared<ScriptedStore>();
  std::shared_ptr<Breaker> breaker_ = std::make_shared<Breaker>(
      Breaker::Options{.failures = 3, .pause = absl::Seconds(5)},
      [this] { return now_; }, [this](bool open) { changes_.push_back(open); });
  BreakerStore guarded_{store_, breaker_};
};

TEST_F(BreakerTest, FailuresInARowOpenIt) {
  Break(3);
  EXPECT_TRUE(WasSkipped(Get()));
  EXPECT_EQ(store_->get_count, 3);
}

TEST_F(BreakerTest, OpenItSaysWhy) {
  Break(3);
  EXPECT_THAT(std::string(Get().message()),
              ::testing::HasSubstr("connection refused"));
}

TEST_F(BreakerTest, ASuccessBetweenFailuresKeepsItClosed) {
  for (int round = 0; round < 3; ++round) {
    Break(2);
    Mend();
    EXPECT_TRUE(absl::IsNotFound(Get()));
  }
  EXPECT_EQ(store_->get_count, 9);
}

TEST_F(BreakerTest, AnswersOfNoAreNotFailures) {
  store_->failure = absl::ResourceExhaustedError("full");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(guarded_.Put("k", MakeBlob(16), absl::InfiniteFuture()).code(),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(store_->put_count, 10);
}

TEST_F(BreakerTest, OpeningAndClosingAreTold) {
  Break(2);
  EXPECT_THAT(changes_, ElementsAre());
  Break(1);
  EXPECT_THAT(changes_, ElementsAre(true));
  Pass(absl::Seconds(5));
  Break(1);  // A trial that fails leaves it open.
  EXPECT_THAT(changes_, ElementsAre(true));
  Pass(absl::Seconds(5));
  Mend();
  EXPECT_TRUE(absl::IsNotFound(Get()));
  EXPECT_THAT(changes_, ElementsAre(true, false));
}

TEST_F(BreakerTest, ATrialThatSucceedsClosesIt) {
  Break(3);
  Mend();
  Pass(absl::Seconds(4));
  EXPECT_TRUE(WasSkipped(Get()));
  Pass(absl::Seconds(1));
  EXPECT_TRUE(absl::IsNotFound(Get()));
  Break(2);
  EXPECT_FALSE(WasSkipped(Get()));
}

TEST_F(BreakerTest, ATrialThatFailsOpensItAgain) {
  Break(3);
  Pass(absl::Seconds(5));
  EXPECT_FALSE(WasSkipped(Get()));
  EXPECT_TRUE(WasSkipped(Get()));
  Pass(absl::Seconds(4));
  EXPECT_TRUE(WasSkipped(Get()));
  EXPECT_EQ(store_->get_count, 4);
}

TEST_F(BreakerTest, OnlyOneTrialRunsAtATime) {
  Break(3);
  Pass(absl::Seconds(5));
  EXPECT_TRUE(breaker_->Admit().ok());
  EXPECT_TRUE(WasSkipped(breaker_->Admit()));
  breaker_->Record(absl::OkStatus());
  EXPECT_TRUE(breaker_->Admit().ok());
}

TEST_F(BreakerTest, ACallerWhoIsLateProvesNothing) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        guarded_.Get("k", absl::InfinitePast()).status()));
  }
  EXPECT_TRUE(absl::IsNotFound(Get()));
}

}  // namespace
}  // namespace stagebeam::features
