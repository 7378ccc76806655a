#include "libs/features/tiered_store.h"

#include <gtest/gtest.h>

#include <memory>

#include "absl/time/clock.h"
#include "libs/features/sharded_store.h"
#include "tests/features/blobs.h"
#include "tests/features/scripted_store.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;
using ::stagebeam::testing::ScriptedStore;

const absl::Time kWhenever = absl::InfiniteFuture();

class TieredStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScriptedStore> memory_ = std::make_shared<ScriptedStore>();
  std::shared_ptr<ScriptedStore> redis_ = std::make_shared<ScriptedStore>();
  std::shared_ptr<ScriptedStore> encoder_ = std::make_shared<ScriptedStore>();
  TieredStore tiers_{{{memory_}, {redis_}, {encoder_, false, false}},
                     {absl::Seconds(1), absl::Seconds(2)}};
};

TEST_F(TieredStoreTest, AHitBehindFillsTheTiersInFront) {
  encoder_->blobs["k"] = MakeBlob(16);
  EXPECT_EQ(*tiers_.Get("k", kWhenever), encoder_->blobs["k"]);
  EXPECT_EQ(memory_->blobs["k"], encoder_->blobs["k"]);
  EXPECT_EQ(redis_->blobs["k"], encoder_->blobs["k"]);
  EXPECT_TRUE(tiers_.Get("k", kWhenever).ok());
  EXPECT_EQ(redis_->get_count, 1);
}

TEST_F(TieredStoreTest, PutPassesReadOnlyTiersBy) {
  ASSERT_TRUE(tiers_.Put("k", MakeBlob(16), kWhenever).ok());
  EXPECT_EQ(memory_->put_count, 1);
  EXPECT_EQ(redis_->put_count, 1);
  EXPECT_EQ(encoder_->put_count, 0);
}

TEST_F(TieredStoreTest, AMissEverywhereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(tiers_.Get("k", kWhenever).status()));
}

TEST_F(TieredStoreTest, AFailingTierCostsNoAnswer) {
  redis_->failure = absl::UnavailableError("down");
  encoder_->blobs["k"] = MakeBlob(16);
  EXPECT_TRUE(tiers_.Get("k", kWhenever).ok());
  EXPECT_TRUE(tiers_.Put("other", MakeBlob(16), kWhenever).ok());
}

TEST_F(TieredStoreTest, AFailureIsNotMistakenForAMiss) {
  redis_->failure = absl::UnavailableError("down");
  EXPECT_TRUE(absl::IsUnavailable(tiers_.Get("k", kWhenever).status()));
}

TEST_F(TieredStoreTest, PutFailsWhereNobodyKeepsIt) {
  memory_->failure = redis_->failure = absl::ResourceExhaustedError("full");
  EXPECT_EQ(tiers_.Put("k", MakeBlob(16), kWhenever).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(TieredStoreTest, CachesShareTheBudgetAndTheLastResortHasTheCallersTime) {
  const absl::Time before = absl::Now();
  tiers_.Get("k", kWhenever).status().IgnoreError();
  const absl::Time after = absl::Now();
  EXPECT_GE(redis_->last_deadline, before);
  EXPECT_LE(redis_->last_deadline, after + absl::Seconds(1));
  EXPECT_EQ(encoder_->last_deadline, kWhenever);
  tiers_.Put("k", MakeBlob(16), kWhenever).IgnoreError();
  EXPECT_LE(redis_->last_deadline, absl::Now() + absl::Seconds(2));
}

TEST_F(TieredStoreTest, TheCallersDeadlineBindsEveryTier) {
  const absl::Time soon = absl::Now() + absl::Milliseconds(100);
  tiers_.Get("k", soon).status().IgnoreError();
  for (const auto& tier : {memory_, redis_, encoder_})
    EXPECT_LE(tier->last_deadline, soon);
}

TEST(ShardedStore, ADeadShardLosesItsOwnKeysOnly) {
  const auto first = std::make_shared<ScriptedStore>(),
             second = std::make_shared<ScriptedStore>();
  ShardedStore store({"one", "two"}, {first, second});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store.Put(std::to_string(i), MakeBlob(16), kWhenever).ok());
  }
  EXPECT_EQ(first->blobs.size() + second->blobs.size(), 20u);
  first->failure = absl::UnavailableError("down");
  for (int i = 0; i < 20; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_EQ(store.Get(key, kWhenever).ok(), second->blobs.contains(key));
  }
  EXPECT_FALSE(first->blobs.empty());
  EXPECT_FALSE(second->blobs.empty());
}

}  // namespace
}  // namespace stagebeam::features
