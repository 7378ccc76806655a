#include "services/encoder/encoding_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::encoder {
namespace {

TEST(EncodingQueue, RefusesOneMoreThanMayWaitAndSaysWhenToComeAgain) {
  EncodingQueue queue({.max_running = 1, .max_waiting = 0});
  const auto first = queue.Enter({});
  ASSERT_TRUE(first.ok());
  const auto second = queue.Enter({});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(serving::RetryDelay(second.status()).has_value());
}

TEST(EncodingQueue, AFinishedTurnMakesRoom) {
  EncodingQueue queue({.max_running = 1, .max_waiting = 0});
  { ASSERT_TRUE(queue.Enter({}).ok()); }
  EXPECT_TRUE(queue.Enter({}).ok());
  EXPECT_EQ(queue.load().running, 0);
}

TEST(EncodingQueue, AWaiterLeavesAtItsDeadline) {
  EncodingQueue queue({.max_running = 1, .max_waiting = 1});
  const auto first = queue.Enter({});
  inference::RequestContext context;
  context.deadline = absl::Now() + absl::Milliseconds(20);
  EXPECT_EQ(queue.Enter(context).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(queue.load().waiting, 0);
}

TEST(EncodingQueue, AWaiterLeavesWhenItsCallerDoes) {
  EncodingQueue queue({.max_running = 1, .max_waiting = 1});
  const auto first = queue.Enter({});
  std::stop_source caller;
  inference::RequestContext context;
  context.cancellation = caller.get_token();
  absl::Status end;
  std::thread waiter([&] { end = queue.Enter(context).status(); });
  caller.request_stop();
  waiter.join();
  EXPECT_EQ(end.code(), absl::StatusCode::kCancelled);
}

TEST(EncodingQueue, NeverLetsMoreRunThanItMay) {
  EncodingQueue queue({.max_running = 2, .max_waiting = 100});
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const auto turn = queue.Enter({});
        ASSERT_TRUE(turn.ok());
        const int now = ++running;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --running;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_EQ(queue.load().running, 0);
}

}  // namespace
}  // namespace stagebeam::encoder
