#include "libs/features/encode_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/features/memory_store.h"
#include "tests/features/blobs.h"
#include "tests/features/scripted_store.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;
using ::stagebeam::testing::ScriptedStore;

const absl::Time kWhenever = absl::InfiniteFuture();
using Blob = absl::StatusOr<std::shared_ptr<const FeatureBlob>>;

Blob NeverEncode() {
  ADD_FAILURE() << "encoded";
  return absl::InternalError("encoded");
}

// One process of a cluster: an EncodeOnce over memory.
std::unique_ptr<EncodeOnce> InProcess() {
  return std::make_unique<EncodeOnce>(std::make_shared<MemoryStore>(1 << 20),
                                      nullptr, EncodeOnce::Options{});
}

TEST(EncodeOnce, WhatIsStoredIsNotEncodedAgain) {
  const auto once = InProcess();
  const auto blob = MakeBlob(16);
  const auto first =
      once->Get("k", kWhenever, {}, [&]() -> Blob { return blob; });
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->encoded);
  const auto second = once->Get("k", kWhenever, {}, NeverEncode);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->encoded);
  EXPECT_EQ(second->blob, blob);
}

TEST(EncodeOnce, SixtyFourConcurrentCallsEncodeOnce) {
  const auto once = InProcess();
  constexpr int kCalls = 64;
  std::atomic<int> encodings = 0, leaders = 0;
  absl::Barrier* const start = new absl::Barrier(kCalls);
  std::vector<std::thread> threads;
  for (int i = 0; i < kCalls; ++i) {
    threads.emplace_back([&] {
      if (start->Block()) delete start;
      const auto result = once->Get("k", kWhenever, {}, [&]() -> Blob {
        ++encodings;
        return MakeBlob(16);
      });
      ASSERT_TRUE(result.ok());
      if (result->encoded) ++leaders;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(encodings, 1);
  EXPECT_EQ(leaders, 1);
}

TEST(EncodeOnce, DifferentPicturesDoNotWaitForEachOther) {
  const auto once = InProcess();
  const auto outer = once->Get("a", kWhenever, {}, [&]() -> Blob {
    EXPECT_TRUE(
        once->Get("b", kWhenever, {}, [&]() -> Blob { return MakeBlob(16); })
            .ok());
    return MakeBlob(16);
  });
  EXPECT_TRUE(outer.ok());
}

// Runs one call that leads until released, with one passenger aboard.
class FlightTest : public ::testing::Test {
 protected:
  void StartLeader(Blob end) {
    leader_ = std::thread([this, end] {
      once_
          ->Get("k", kWhenever, {},
                [&]() -> Blob {
                  leading_.Notify();
                  land_.WaitForNotification();
                  return end;
                })
          .status()
          .IgnoreError();
    });
    leading_.WaitForNotification();
  }
  void Land() {
    land_.Notify();
    leader_.join();
  }

  std::unique_ptr<EncodeOnce> once_ = InProcess();
  absl::Notification leading_, land_;
  std::thread leader_;
};

TEST_F(FlightTest, ACancelledLeaderIsSucceeded) {
  StartLeader(absl::CancelledError("leader left"));
  std::thread passenger([&] {
    const auto result =
        once_->Get("k", kWhenever, {}, [&]() -> Blob { return MakeBlob(16); });
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->encoded);
  });
  Land();
  passenger.join();
}

TEST_F(FlightTest, ABrokenPictureIsBrokenForAll) {
  StartLeader(absl::InvalidArgumentError("broken picture"));
  std::atomic<int> again = 0;
  std::thread passenger([&] {
    const auto result = once_->Get("k", kWhenever, {}, [&]() -> Blob {
      ++again;
      return absl::InvalidArgumentError("broken picture");
    });
    EXPECT_TRUE(absl::IsInvalidArgument(result.status()));
  });
  Land();
  passenger.join();
  EXPECT_LE(again, 1);
}

TEST_F(FlightTest, APassengerLeavesAtItsOwnDeadline) {
  StartLeader(MakeBlob(16));
  const auto late =
      once_->Get("k", absl::Now() + absl::Milliseconds(10), {}, NeverEncode);
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.status()));
  Land();
}

TEST_F(FlightTest, APassengerLeavesWhenCancelled) {
  StartLeader(MakeBlob(16));
  std::stop_source source;
  std::thread passenger([&] {
    const auto result =
        once_->Get("k", kWhenever, source.get_token(), NeverEncode);
    EXPECT_TRUE(absl::IsCancelled(result.status()));
  });
  source.request_stop();
  passenger.join();
  Land();
}

// An office that is told how to answer.
class ScriptedOffice : public LeaseOffice {
 public:
  absl::StatusOr<std::unique_ptr<Lease>> Acquire(const std::string& key,
                                                 absl::Time) override {
    ++acquire_count;
    if (!refusal.ok()) return refusal;
    return std::make_unique<Lease>();
  }
  absl::Status AwaitRelease(const std::string& key, absl::Time,
                            std::stop_token) override {
    if (on_release) on_release();
    return release;
  }

  absl::Status refusal;
  absl::Status release;
  std::function<void()> on_release;
  int acquire_count = 0;
};

class LeasedTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScriptedStore> store_ = std::make_shared<ScriptedStore>();
  std::shared_ptr<ScriptedOffice> office_ = std::make_shared<ScriptedOffice>();
  EncodeOnce once_{store_, office_, EncodeOnce::Options{}};
};

TEST_F(LeasedTest, WaitsForTheReplicaThatEncodes) {
  office_->refusal = absl::AlreadyExistsError("held");
  office_->on_release = [&] { store_->blobs["k"] = MakeBlob(16); };
  const auto result = once_.Get("k", kWhenever, {}, NeverEncode);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->encoded);
}

TEST_F(LeasedTest, TakesOverFromAReplicaThatDied) {
  office_->refusal = absl::AlreadyExistsError("held");
  office_->on_release = [&] { office_->refusal = absl::OkStatus(); };
  const auto result =
      once_.Get("k", kWhenever, {}, [&]() -> Blob { return MakeBlob(16); });
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->encoded);
}

TEST_F(LeasedTest, EncodesAnywayWhereTheOtherTakesTooLong) {
  office_->refusal = absl::AlreadyExistsError("held");
  office_->release = absl::DeadlineExceededError("still held");
  EXPECT_TRUE(
      once_.Get("k", kWhenever, {}, [&]() -> Blob { return MakeBlob(16); })
          .ok());
}

TEST_F(LeasedTest, AnOfficeOutOfReachIsNoError) {
  office_->refusal = absl::UnavailableError("down");
  EXPECT_TRUE(
      once_.Get("k", kWhenever, {}, [&]() -> Blob { return MakeBlob(16); })
          .ok());
}

TEST_F(LeasedTest, AStoreThatIsDownIsNotAskedForLeases) {
  store_->failure = absl::UnavailableError("down");
  EXPECT_TRUE(
      once_.Get("k", kWhenever, {}, [&]() -> Blob { return MakeBlob(16); })
          .ok());
  EXPECT_EQ(office_->acquire_count, 0);
}

TEST_F(LeasedTest, AnEmptyKeyIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      once_.Get("", kWhenever, {}, NeverEncode).status()));
}

}  // namespace
}  // namespace stagebeam::features
