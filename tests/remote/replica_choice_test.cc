#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "libs/remote/rendezvous.h"
#include "libs/remote/replica_health.h"
#include "libs/remote/retry_budget.h"
#include "libs/remote/stable_hash.h"

namespace stagebeam::remote {
namespace {

using ::testing::ElementsAre;

std::string Key(int i) { return "session-" + std::to_string(i); }

TEST(Rendezvous, TheOrderNamesEveryReplicaOnce) {
  const std::vector<std::string> addresses = {"a:1", "b:1", "c:1", "d:1"};
  std::vector<size_t> order = RendezvousOrder("key", addresses);
  std::sort(order.begin(), order.end());
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

TEST(Rendezvous, KeysSpreadEvenly) {
  const std::vector<std::string> addresses = {
      "10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051"};
  std::map<size_t, int> first;
  for (int i = 0; i < 3000; ++i) ++first[RendezvousOrder(Key(i), addresses)[0]];
  for (size_t replica = 0; replica < 3; ++replica) {
    EXPECT_GT(first[replica], 850) << replica;
    EXPECT_LT(first[replica], 1150) << replica;
  }
}

TEST(Rendezvous, TheSecondChoiceSpreadsToo) {
  const std::vector<std::string> addresses = {"a:1", "b:1", "c:1"};
  std::map<size_t, int> second;
  for (int i = 0; i < 3000; ++i) {
    const auto order = RendezvousOrder(Key(i), addresses);
    if (order[0] == 0) ++second[order[1]];
  }
  EXPECT_GT(second[1], 350);
  EXPECT_GT(second[2], 350);
}

TEST(Rendezvous, ALostReplicaMovesOnlyItsOwnKeys) {
  const std::vector<std::string> before = {"a:1", "b:1", "c:1", "d:1"};
  const std::vector<std::string> after = {"a:1", "b:1", "d:1"};
  for (int i = 0; i < 1000; ++i) {
    const std::string was = before[RendezvousOrder(Key(i), before)[0]];
    const std::string is = after[RendezvousOrder(Key(i), after)[0]];
    if (was != "c:1") {
      EXPECT_EQ(is, was) << Key(i);
    }
  }
}

TEST(Rendezvous, TheListsOrderHasNoSay) {
  const std::vector<std::string> forth = {"a:1", "b:1", "c:1"};
  const std::vector<std::string> back = {"c:1", "b:1", "a:1"};
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(forth[RendezvousOrder(Key(i), forth)[0]],
              back[RendezvousOrder(Key(i), back)[0]]);
  }
}

TEST(StableHash, IsTheSameInEveryBuildAndTellsKeysApart) {
  // Values of the first release: another value would move every session.
  EXPECT_EQ(StableHash("10.0.0.1:50051"), 10456015305202616604u);
  EXPECT_EQ(MixHashes(1, 2), 5664592047473779204u);
  EXPECT_NE(StableHash(""), StableHash(std::string(1, '\0')));
  EXPECT_NE(StableHash("12345678"), StableHash("123456780"));
  EXPECT_NE(StableHash("abc"), StableHash("acb"));
}

TEST(ReplicaHealth, CoolsDownTwiceAsLongAfterEachFailureInARow) {
  const absl::Time start = absl::UnixEpoch();
  ReplicaHealth health(absl::Seconds(1), absl::Seconds(3));
  EXPECT_FALSE(health.CoolingDown(start));
  absl::Time now = start;
  for (int seconds : {1, 2, 3, 3}) {
    health.Failed(now);
    const absl::Duration cool = absl::Seconds(seconds);
    EXPECT_TRUE(health.CoolingDown(now + cool - absl::Nanoseconds(1)));
    EXPECT_FALSE(health.CoolingDown(now + cool));
    now += cool;
  }
}

TEST(ReplicaHealth, FailuresOfOneMomentCountOnce) {
  const absl::Time now = absl::UnixEpoch();
  ReplicaHealth health(absl::Seconds(1), absl::Seconds(60));
  for (int i = 0; i < 64; ++i) health.Failed(now);
  EXPECT_FALSE(health.CoolingDown(now + absl::Seconds(1)));
}

TEST(ReplicaHealth, ASuccessForgetsAll) {
  const absl::Time now = absl::UnixEpoch();
  ReplicaHealth health(absl::Seconds(1), absl::Seconds(60));
  health.Failed(now);
  health.Failed(now + absl::Seconds(1));
  health.Succeeded();
  EXPECT_FALSE(health.CoolingDown(now + absl::Seconds(1)));
  health.Failed(now + absl::Seconds(2));
  EXPECT_FALSE(health.CoolingDown(now + absl::Seconds(3)));
}

TEST(ReplicaHealth, ErrorsCountOnlySeveralInARow) {
  const absl::Time now = absl::UnixEpoch();
  ReplicaHealth health(absl::Seconds(1), absl::Seconds(60),
                       /*errors_in_a_row=*/3);
  health.Erred(now);
  health.Erred(now);
  health.Succeeded();
  health.Erred(now);
  health.Erred(now);
  EXPECT_FALSE(health.CoolingDown(now));
  health.Erred(now);
  EXPECT_TRUE(health.CoolingDown(now));
}

TEST(RetryBudget, RetriesStopWhereSuccessesDo) {
  RetryBudget budget(3, 0.5);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.TryTake());
  EXPECT_FALSE(budget.TryTake());
  budget.Succeeded();
  EXPECT_FALSE(budget.TryTake());
  budget.Succeeded();
  EXPECT_TRUE(budget.TryTake());
  EXPECT_FALSE(budget.TryTake());
}

TEST(RetryBudget, NeverHoldsMoreThanItsCapacity) {
  RetryBudget budget(1, 1);
  for (int i = 0; i < 10; ++i) budget.Succeeded();
  EXPECT_TRUE(budget.TryTake());
  EXPECT_FALSE(budget.TryTake());
}

}  // namespace
}  // namespace stagebeam::remote
