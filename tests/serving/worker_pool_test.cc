#include "libs/serving/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "absl/synchronization/notification.h"

namespace stagebeam::serving {
namespace {

TEST(WorkerPool, RunsAsManyAsItsSizeTogether) {
  std::barrier all_run(4);
  WorkerPool pool(4);
  // Each ends only when all four run.
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(pool.TryRun([&] { all_run.arrive_and_wait(); })) << i;
  }
}

TEST(WorkerPool, RefusesAtOnceWhereAllAreBusy) {
  absl::Notification started;
  absl::Notification finish;
  WorkerPool pool(1);
  ASSERT_TRUE(pool.TryRun([&] {
    started.Notify();
    finish.WaitForNotification();
  }));
  started.WaitForNotification();
  bool ran = false;
  EXPECT_FALSE(pool.TryRun([&] { ran = true; }));
  finish.Notify();
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, TheDestructorWaitsForWhatRuns) {
  std::atomic<int> finished = 0;
  absl::Notification finish;
  {
    WorkerPool pool(3);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(pool.TryRun([&] {
        finish.WaitForNotification();
        ++finished;
      }));
    }
    finish.Notify();
  }
  EXPECT_EQ(finished, 3);
}

TEST(WorkerPool, AThreadIsFreeAgainAfterItsWork) {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(2);
    for (int i = 0; i < 1000; ++i) {
      while (!pool.TryRun([&] { ++ran; })) std::this_thread::yield();
    }
  }
  EXPECT_EQ(ran, 1000);
}

}  // namespace
}  // namespace stagebeam::serving
