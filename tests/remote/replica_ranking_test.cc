#include "libs/remote/replica_ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "libs/remote/rendezvous.h"

namespace stagebeam::remote {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;

const absl::Time kNow = absl::UnixEpoch();

// Rules without the floor, so that the bound shows with few calls.
RankingRules Bare() { return {.load_bound = 1.25, .always_allowed = 1}; }

std::vector<ReplicaStanding> Idle(int count) {
  std::vector<ReplicaStanding> standings;
  for (int i = 0; i < count; ++i) {
    standings.push_back({.address = "replica-" + std::to_string(i) + ":1"});
  }
  return standings;
}

size_t First(const std::string& session,
             const std::vector<ReplicaStanding>& standings,
             const RankingRules& rules = Bare(), const std::string& home = "") {
  return RankReplicas(session, home, standings, rules, kNow)[0].index;
}

TEST(RankReplicas, IdleOnesComeInRendezvousOrder) {
  const std::vector<ReplicaStanding> standings = Idle(5);
  std::vector<std::string> addresses;
  for (const auto& standing : standings) addresses.push_back(standing.address);
  std::vector<size_t> order;
  for (const RankedReplica& ranked :
       RankReplicas("session", "", standings, Bare(), kNow)) {
    order.push_back(ranked.index);
  }
  EXPECT_EQ(order, RendezvousOrder("session", addresses));
}

TEST(RankReplicas, TheHomeComesFirstWhileItIsFit) {
  std::vector<ReplicaStanding> standings = Idle(5);
  for (size_t home = 0; home < standings.size(); ++home) {
    EXPECT_EQ(First("session", standings, Bare(), standings[home].address),
              home);
  }
  standings[3].reachable = false;
  EXPECT_NE(First("session", standings, Bare(), standings[3].address), 3u);
}

TEST(RankReplicas, OneOverTheBoundIsPassedBy) {
  std::vector<ReplicaStanding> standings = Idle(4);
  const size_t first = First("session", standings);
  standings[first].running = 10;
  EXPECT_NE(First("session", standings), first);
  EXPECT_NE(First("session", standings, Bare(), standings[first].address),
            first);
}

TEST(RankReplicas, TheFloorKeepsSessionsTogetherWhileLittleRuns) {
  std::vector<ReplicaStanding> standings = Idle(4);
  const size_t first = First("session", standings);
  const RankingRules rules = {.load_bound = 1.25, .always_allowed = 4};
  standings[first].running = 3;
  EXPECT_EQ(First("session", standings, rules), first);
  standings[first].running = 4;
  EXPECT_NE(First("session", standings, rules), first);
}

// Calls that come and go at random, each for a random session out of few: what
// rendezvous hashing alone would pile up on some replicas.
TEST(RankReplicas, NobodyGetsMoreThanTheBoundAllows) {
  std::mt19937 random(7);
  std::vector<ReplicaStanding> standings = Idle(7);
  std::vector<size_t> calls;
  for (int step = 0; step < 5000; ++step) {
    const bool ends = calls.size() > 60 || (random() % 2 && !calls.empty());
    if (ends) {
      std::swap(calls[random() % calls.size()], calls.back());
      --standings[calls.back()].running;
      calls.pop_back();
      continue;
    }
    const size_t taken = First(std::to_string(random() % 3), standings);
    calls.push_back(taken);
    const double mean = static_cast<double>(calls.size()) / 7;
    ASSERT_LE(++standings[taken].running, std::ceil(1.25 * mean));
  }
}

TEST(RankReplicas, FailingOnesComeAfterBusyOnesAndDeadOnesLast) {
  std::vector<ReplicaStanding> standings = Idle(4);
  standings[0].reachable = false;
  standings[1].cool_until = kNow + absl::Seconds(1);
  standings[2].running = 10;
  std::vector<Fitness> fitness;
  std::vector<size_t> order;
  for (const RankedReplica& ranked :
       RankReplicas("session", "", standings, Bare(), kNow)) {
    order.push_back(ranked.index);
    fitness.push_back(ranked.fitness);
  }
  EXPECT_THAT(order, ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(fitness, ElementsAre(Fitness::kFit, Fitness::kBusy,
                                   Fitness::kEjected, Fitness::kUnreachable));
}

TEST(RankReplicas, ACoolDownThatIsOverCountsNoMore) {
  std::vector<ReplicaStanding> standings = Idle(2);
  standings[0].cool_until = kNow;
  EXPECT_THAT(JudgeFitness(standings, Bare(), kNow), Each(Fitness::kFit));
}

TEST(RankReplicas, NoMoreThanTheShareIsEjected) {
  std::vector<ReplicaStanding> standings = Idle(5);
  for (int i = 0; i < 5; ++i) {
    standings[i].cool_until = kNow + absl::Seconds(1 + i);
  }
  EXPECT_THAT(JudgeFitness(standings, Bare(), kNow),
              ElementsAre(Fitness::kFit, Fitness::kFit, Fitness::kFit,
                          Fitness::kEjected, Fitness::kEjected));
  standings.resize(1);
  EXPECT_THAT(JudgeFitness(standings, Bare(), kNow), Each(Fitness::kFit));
}

TEST(RankReplicas, LoadIsSharedByThoseThatCanTakeIt) {
  std::vector<ReplicaStanding> standings = Idle(4);
  standings[0].reachable = standings[1].reachable = false;
  // A mean over all four would call both busy.
  standings[2].running = 4;
  standings[3].running = 4;
  EXPECT_THAT(JudgeFitness(standings, Bare(), kNow), Contains(Fitness::kFit));
}

TEST(RankReplicas, WithoutReplicasThereIsNothingToRank) {
  EXPECT_TRUE(RankReplicas("session", "a:1", {}, Bare(), kNow).empty());
}

}  // namespace
}  // namespace stagebeam::remote
