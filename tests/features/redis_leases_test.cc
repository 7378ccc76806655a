#include "libs/features/redis_leases.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "libs/features/encode_once.h"
#include "libs/features/redis_store.h"
#include "tests/cluster/redis_server.h"
#include "tests/features/blobs.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;
using ::stagebeam::testing::RedisServer;

const absl::Time kWhenever = absl::InfiniteFuture();

class RedisLeasesTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(server_.Start()); }

  std::shared_ptr<RedisClient> NewClient() {
    return std::make_shared<RedisClient>(
        *ParseRedisAddress(server_.address()),
        RedisClient::Options{.operation_timeout = absl::Seconds(60)});
  }
  std::shared_ptr<RedisLeases> Office(
      absl::Duration lease_time = absl::Minutes(10)) {
    return std::make_shared<RedisLeases>(
        NewClient(), RedisLeases::Options{.lease_time = lease_time});
  }

  RedisServer server_;
};

TEST_F(RedisLeasesTest, OneHolderAtATime) {
  const auto here = Office(), there = Office();
  auto lease = here->Acquire("k", kWhenever);
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_TRUE(absl::IsAlreadyExists(there->Acquire("k", kWhenever).status()));
  EXPECT_TRUE(there->Acquire("other", kWhenever).ok());
  lease->reset();
  EXPECT_TRUE(there->Acquire("k", kWhenever).ok());
}

TEST_F(RedisLeasesTest, ALeaseOfADeadHolderRunsOut) {
  const auto lease = Office(absl::Milliseconds(50))->Acquire("k", kWhenever);
  ASSERT_TRUE(lease.ok());
  const auto other = Office();
  EXPECT_TRUE(other->AwaitRelease("k", kWhenever, {}).ok());
  EXPECT_TRUE(other->Acquire("k", kWhenever).ok());
}

TEST_F(RedisLeasesTest, AHolderWhoIsLateDoesNotEndAnothersLease) {
  auto late = Office(absl::Milliseconds(20))->Acquire("k", kWhenever);
  ASSERT_TRUE(late.ok());
  const auto other = Office();
  ASSERT_TRUE(other->AwaitRelease("k", kWhenever, {}).ok());
  const auto lease = other->Acquire("k", kWhenever);
  ASSERT_TRUE(lease.ok());
  late->reset();
  EXPECT_TRUE(
      absl::IsAlreadyExists(Office()->Acquire("k", kWhenever).status()));
}

TEST_F(RedisLeasesTest, WaitingEndsWithTheLease) {
  auto lease = Office()->Acquire("k", kWhenever);
  ASSERT_TRUE(lease.ok());
  std::thread waiter(
      [&] { EXPECT_TRUE(Office()->AwaitRelease("k", kWhenever, {}).ok()); });
  lease->reset();
  waiter.join();
}

TEST_F(RedisLeasesTest, WaitingEndsAtTheDeadlineAndOnCancellation) {
  const auto lease = Office()->Acquire("k", kWhenever);
  ASSERT_TRUE(lease.ok());
  const auto office = Office();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      office->AwaitRelease("k", absl::Now() + absl::Milliseconds(30), {})));
  std::stop_source source;
  std::thread waiter([&] {
    EXPECT_TRUE(absl::IsCancelled(
        office->AwaitRelease("k", kWhenever, source.get_token())));
  });
  source.request_stop();
  waiter.join();
}

TEST_F(RedisLeasesTest, WaitingEndsWhenRedisGoes) {
  const auto lease = Office()->Acquire("k", kWhenever);
  ASSERT_TRUE(lease.ok());
  std::thread waiter([&] {
    EXPECT_TRUE(
        absl::IsUnavailable(Office()->AwaitRelease("k", kWhenever, {})));
  });
  server_.Kill();
  waiter.join();
}

// Each thread is a replica of its own: only Redis connects them.
TEST_F(RedisLeasesTest, ReplicasEncodeOnceBetweenThem) {
  std::atomic<int> encodings = 0;
  std::vector<std::thread> replicas;
  for (int i = 0; i < 8; ++i) {
    replicas.emplace_back([&] {
      EncodeOnce once(
          std::make_shared<RedisStore>(NewClient(), RedisStore::Options{}),
          Office(),
          {.lease_wait = absl::Minutes(5), .cache_budget = absl::Minutes(5)});
      const auto result = once.Get("k", kWhenever, {}, [&] {
        ++encodings;
        return absl::StatusOr<std::shared_ptr<const FeatureBlob>>(
            MakeBlob(1 << 20));
      });
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->blob->bytes(), MakeBlob(1 << 20)->bytes());
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(encodings, 1);
}

}  // namespace
}  // namespace stagebeam::features
