#include "libs/features/feature_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "libs/features/redis_client.h"
#include "tests/cluster/redis_server.h"
#include "tests/features/blobs.h"
#include "tests/features/odd_server.h"
#include "tests/features/scripted_store.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;
using ::stagebeam::testing::OddServer;
using ::stagebeam::testing::RecordingObserver;
using ::stagebeam::testing::RedisServer;
using ::stagebeam::testing::ScriptedStore;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kWhenever = absl::InfiniteFuture();

class FeatureStackTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(server_.Start()); }

  // One process's stack; `addresses` default to the one real server.
  FeatureStack Build(std::vector<std::string> addresses = {},
                     std::shared_ptr<FeatureStore> last_resort = nullptr) {
    options_.redis_addresses = addresses.empty()
                                   ? std::vector<std::string>{server_.address()}
                                   : addresses;
    auto stack =
        BuildFeatureStack(options_, std::move(last_resort), &observer_);
    EXPECT_TRUE(stack.ok()) << stack.status();
    return *std::move(stack);
  }

  RedisServer server_;
  RecordingObserver observer_;
  FeatureStackOptions options_{.budget = absl::Seconds(30),
                               .breaker_pause = absl::Hours(1)};
};

TEST_F(FeatureStackTest, WhatOneProcessPutsAnotherFindsInRedis) {
  const auto blob = MakeBlob(1000);
  ASSERT_TRUE(Build().store->Put("k", blob, kWhenever).ok());
  EXPECT_THAT(observer_.TakePuts(),
              ElementsAre("memory stored", "redis stored"));
  const FeatureStack other = Build();
  const auto got = other.store->Get("k", kWhenever);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)->bytes(), blob->bytes());
  EXPECT_THAT(observer_.TakeGets(), ElementsAre("memory miss", "redis hit"));
  EXPECT_TRUE(other.store->Get("k", kWhenever).ok());
  EXPECT_THAT(observer_.TakeGets(), ElementsAre("memory hit"));
}

TEST_F(FeatureStackTest, CorruptBytesAreCountedAndTheLastResortAnswers) {
  RedisClient client(*ParseRedisAddress(server_.address()), {});
  const std::array<std::string_view, 3> set = {"SET", "stagebeam:features:k",
                                               "garbage"};
  ASSERT_TRUE(client.Run(set, kWhenever).ok());
  const auto encoder = std::make_shared<ScriptedStore>();
  encoder->blobs["k"] = MakeBlob(16);
  options_.write_to_redis = false;
  EXPECT_TRUE(Build({}, encoder).store->Get("k", kWhenever).ok());
  EXPECT_THAT(observer_.TakeGets(),
              ElementsAre("memory miss", "redis corrupt", "encoder hit"));
  EXPECT_THAT(observer_.TakePuts(), ElementsAre("memory stored"));
}

TEST_F(FeatureStackTest, ASickRedisIsLeftAloneAfterAFewFailures) {
  OddServer sick({.reply = "-LOADING Redis is loading\r\n", .hang_up = true});
  const FeatureStack stack = Build({sick.address()});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(stack.store->Put("k", MakeBlob(16), kWhenever).ok());
  }
  EXPECT_EQ(sick.accepted_count(), 3);
  EXPECT_THAT(observer_.TakeBreakers(), ElementsAre("opened"));
  EXPECT_TRUE(stack.store->Get("k", kWhenever).ok());
  EXPECT_TRUE(
      absl::IsUnavailable(stack.leases->Acquire("k", kWhenever).status()));
  EXPECT_EQ(sick.accepted_count(), 3);
}

TEST_F(FeatureStackTest, ARedisThatNeverAnswersCostsTheBudgetAndNotTheAnswer) {
  OddServer silent({});
  options_.budget = absl::Milliseconds(50);
  const FeatureStack stack = Build({silent.address()});
  for (int i = 0; i < 5; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_TRUE(
        absl::IsUnavailable(stack.store->Get(key, kWhenever).status()) ||
        absl::IsDeadlineExceeded(stack.store->Get(key, kWhenever).status()));
    EXPECT_TRUE(stack.store->Put(key, MakeBlob(16), kWhenever).ok());
    EXPECT_TRUE(stack.store->Get(key, kWhenever).ok());
  }
  EXPECT_EQ(silent.accepted_count(), 3);
}

TEST_F(FeatureStackTest, SeveralRedisShareTheKeysAndOneMayDie) {
  RedisServer second;
  ASSERT_NO_FATAL_FAILURE(second.Start());
  const std::vector<std::string> addresses = {server_.address(),
                                              second.address()};
  const FeatureStack writer = Build(addresses);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(
        writer.store->Put(std::to_string(i), MakeBlob(16), kWhenever).ok());
  }
  EXPECT_THAT(observer_.TakePuts(), Each(HasSubstr("stored")));
  const auto count_found = [&] {
    const FeatureStack reader = Build(addresses);
    int found = 0;
    for (int i = 0; i < 20; ++i)
      found += reader.store->Get(std::to_string(i), kWhenever).ok();
    return found;
  };
  EXPECT_EQ(count_found(), 20);
  second.Kill();
  const int left = count_found();
  EXPECT_GT(left, 0);
  EXPECT_LT(left, 20);
}

TEST_F(FeatureStackTest, TheObserverKnowsTheTiersBeforeTheyAreAsked) {
  Build({server_.address(), "127.0.0.1:1"}, std::make_shared<ScriptedStore>());
  EXPECT_THAT(observer_.TakeTiers(), ElementsAre("memory", "redis", "encoder"));
  EXPECT_EQ(observer_.servers(), 2);
}

TEST_F(FeatureStackTest, WithoutRedisThereAreNoLeases) {
  options_.redis_addresses = {};
  const auto stack = BuildFeatureStack(options_, nullptr, nullptr);
  ASSERT_TRUE(stack.ok());
  EXPECT_EQ(stack->leases, nullptr);
  EXPECT_TRUE(stack->store->Put("k", MakeBlob(16), kWhenever).ok());
  EXPECT_GT(stack->memory->used_bytes(), 0);
}

TEST(FeatureStackOptions, AnOptionOutOfRangeIsNamed) {
  const auto why_not = [](const FeatureStackOptions& options) {
    const absl::Status status =
        BuildFeatureStack(options, nullptr, nullptr).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return std::string(status.message());
  };
  EXPECT_THAT(why_not({.memory_bytes = -1}), HasSubstr("memory"));
  EXPECT_THAT(why_not({.budget = absl::ZeroDuration()}), HasSubstr("budget"));
  EXPECT_THAT(why_not({.time_to_live = absl::ZeroDuration()}),
              HasSubstr("time to live"));
  EXPECT_THAT(why_not({.breaker_failures = 0}), HasSubstr("failures"));
  EXPECT_THAT(why_not({.redis_addresses = {"ok:1", "bad:port"}}),
              HasSubstr("address 2 of 2"));
}

}  // namespace
}  // namespace stagebeam::features
