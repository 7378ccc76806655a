#include "libs/search/knock_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace stagebeam::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<Entrant> Entrants(int count) {
  std::vector<Entrant> entrants;
  for (int i = 0; i < count; ++i)
    entrants.push_back({i, "text " + std::to_string(i), -1.0 * i});
  return entrants;
}

// All of `count` candidates could have come.
std::vector<int> Everyone(int count) {
  std::vector<int> candidates(static_cast<size_t>(count));
  std::iota(candidates.begin(), candidates.end(), 0);
  return candidates;
}

// The greater index wins every duel. Returns duels fought and rounds.
std::pair<int, int> PlayToTheEnd(KnockOut& knock_out) {
  int duels = 0;
  int rounds = 0;
  for (; !knock_out.Done(); ++rounds) {
    std::vector<Verdict> verdicts;
    for (const Pair& pair : knock_out.pairs())
      verdicts.push_back({pair.first > pair.second, 0.9, ""});
    duels += static_cast<int>(verdicts.size());
    knock_out.Decide(verdicts);
  }
  return {duels, rounds};
}

TEST(KnockOut, LeavesTheOneThatWinsEveryDuel) {
  for (int count = 1; count <= 64; ++count) {
    KnockOut knock_out(Entrants(count), Everyone(count), 1, count);
    const auto [duels, rounds] = PlayToTheEnd(knock_out);
    EXPECT_EQ(duels, count - 1);
    EXPECT_GE(count, (1 << rounds) / 2 + (rounds > 0 ? 1 : 0));
    EXPECT_THAT(knock_out.Survivors(), ElementsAre(count - 1));
  }
}

TEST(KnockOut, FightsNoMoreDuelsThanItNeeds) {
  KnockOut knock_out(Entrants(5), Everyone(5), 4, 1);
  EXPECT_THAT(knock_out.pairs(), SizeIs(1));
  EXPECT_EQ(PlayToTheEnd(knock_out), std::pair(1, 1));
  EXPECT_THAT(knock_out.Survivors(), SizeIs(4));
}

TEST(KnockOut, NobodyFightsTwiceInARound) {
  KnockOut knock_out(Entrants(9), Everyone(9), 1, 4);
  std::set<int> fighters;
  for (const Pair& pair : knock_out.pairs()) {
    EXPECT_TRUE(fighters.insert(pair.first).second);
    EXPECT_TRUE(fighters.insert(pair.second).second);
  }
  EXPECT_THAT(fighters, SizeIs(8));
}

TEST(KnockOut, PairsChangeWithTheSeed) {
  std::set<std::pair<int, int>> first_pairs;
  for (int seed = 0; seed < 50; ++seed) {
    const KnockOut knock_out(Entrants(4), Everyone(4), 1, seed);
    first_pairs.insert(
        {knock_out.pairs()[0].first, knock_out.pairs()[0].second});
  }
  EXPECT_THAT(first_pairs, SizeIs(12));
}

std::set<std::pair<int, int>> PairsOf(const KnockOut& knock_out) {
  std::set<std::pair<int, int>> pairs;
  for (const Pair& pair : knock_out.pairs())
    pairs.insert({pair.first, pair.second});
  return pairs;
}

TEST(KnockOut, OneThatDropsOutUpsetsNoDuelButItsOwn) {
  for (int seed = 0; seed < 50; ++seed) {
    const auto all = PairsOf(KnockOut(Entrants(9), Everyone(9), 1, seed));
    std::vector<Entrant> entrants = Entrants(9);
    entrants.erase(entrants.begin() + seed % 9);
    const auto rest = PairsOf(KnockOut(entrants, Everyone(9), 1, seed));
    EXPECT_THAT(rest, SizeIs(4));
    for (const auto& pair : all) {
      if (pair.first == seed % 9 || pair.second == seed % 9) continue;
      EXPECT_THAT(rest, testing::Contains(pair));
    }
  }
}

TEST(KnockOut, OnlyThoseWhoCouldComeHaveSeats) {
  // The best of five meets three newcomers.
  std::vector<Entrant> entrants = Entrants(8);
  entrants.erase(entrants.begin() + 3, entrants.begin() + 5);
  entrants.erase(entrants.begin(), entrants.begin() + 2);
  std::set<std::pair<int, int>> met;
  for (int seed = 0; seed < 50; ++seed) {
    const auto pairs = PairsOf(KnockOut(entrants, {2, 5, 6, 7}, 1, seed));
    EXPECT_THAT(pairs, SizeIs(2));
    met.insert(pairs.begin(), pairs.end());
  }
  EXPECT_THAT(met, SizeIs(12));
}

TEST(KnockOut, LikelihoodsHaveNoSayInWhoMeetsWhom) {
  std::vector<Entrant> entrants = Entrants(6);
  const auto pairs = PairsOf(KnockOut(entrants, Everyone(6), 1, 5));
  for (Entrant& entrant : entrants) entrant.likelihood *= -1;
  EXPECT_EQ(PairsOf(KnockOut(entrants, Everyone(6), 1, 5)), pairs);
}

TEST(KnockOut, ATextThatNobodyKnowsYetIsUnlikeAnyOther) {
  const KnockOut knock_out({{0, std::nullopt, 0}, {1, std::nullopt, 0}},
                           Everyone(2), 1, 1);
  EXPECT_THAT(knock_out.pairs(), SizeIs(1));
}

TEST(KnockOut, EqualTextsNeedNoDuel) {
  KnockOut knock_out({{0, "same", -2}, {1, "same", -1}, {2, "same", -3}},
                     Everyone(3), 1, 1);
  EXPECT_TRUE(knock_out.Done());
  EXPECT_THAT(knock_out.Survivors(), ElementsAre(1));
}

TEST(KnockOut, EqualTextsFillPlacesThatNobodyElseWants) {
  KnockOut knock_out({{0, "a", -2}, {1, "a", -1}, {2, "b", -3}, {3, "a", -4}},
                     Everyone(4), 3, 1);
  EXPECT_TRUE(knock_out.Done());
  EXPECT_THAT(knock_out.Survivors(), ElementsAre(1, 2, 0));
}

TEST(KnockOut, WinnersComeBeforeThoseWithoutADuel) {
  KnockOut knock_out({{0, "a", -9}, {1, "b", -9}, {2, "c", -1}}, Everyone(3), 2,
                     3);
  ASSERT_THAT(knock_out.pairs(), SizeIs(1));
  const int winner = knock_out.pairs()[0].first;
  knock_out.Decide({{true, 0.9, ""}});
  EXPECT_EQ(knock_out.Survivors()[0], winner);
}

TEST(KnockOut, LikelihoodDecidesWhatNobodyJudges) {
  KnockOut knock_out(Entrants(7), Everyone(7), 2, 1);
  knock_out.DecideByLikelihood();
  EXPECT_TRUE(knock_out.Done());
  EXPECT_THAT(knock_out.Survivors(), ElementsAre(0, 1));
}

TEST(KnockOut, LosersOfJudgedDuelsStayOutWhenTheJudgeGoes) {
  KnockOut knock_out(Entrants(4), Everyone(4), 1, 2);
  std::vector<Verdict> verdicts;
  for (const Pair& pair : knock_out.pairs())
    verdicts.push_back({pair.first > pair.second, 0.9, ""});
  std::set<int> losers;
  for (const Pair& pair : knock_out.pairs())
    losers.insert(std::min(pair.first, pair.second));
  knock_out.Decide(verdicts);
  knock_out.DecideByLikelihood();
  EXPECT_EQ(losers.count(knock_out.Survivors()[0]), 0u);
}

TEST(KnockOut, OfNobodyIsOver) {
  const KnockOut knock_out({}, Everyone(1), 1, 1);
  EXPECT_TRUE(knock_out.Done());
  EXPECT_THAT(knock_out.Survivors(), IsEmpty());
}

}  // namespace
}  // namespace stagebeam::search
