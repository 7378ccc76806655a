#include "libs/search/decider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace stagebeam::search {
namespace {

using testing::SizeIs;

TracedCandidate Told(double logprob, int token_count) {
  TracedCandidate candidate;
  candidate.logprob = logprob;
  candidate.token_count = token_count;
  return candidate;
}

Verdict Decided(const TracedCandidate& first, const TracedCandidate& second) {
  ExpansionTrace expansion;
  expansion.candidates = {second, first};
  Compare compare;
  compare.pairs = {{1, 0}};
  return DecideWithoutJudge(Decider::kLogProbability, compare, expansion)
      .verdicts.at(0);
}

TEST(LogProbability, PrefersTheLikelierTokenByToken) {
  // The longer one is less likely as a whole.
  EXPECT_TRUE(Decided(Told(-3, 6), Told(-2, 2)).first_is_better);
  EXPECT_FALSE(Decided(Told(-2, 2), Told(-3, 6)).first_is_better);
}

TEST(LogProbability, IsAsSureAsTheTokensMeanProbabilitiesAreApart) {
  const double p = 0.6;
  const double q = 0.2;
  const Verdict verdict =
      Decided(Told(3 * std::log(p), 3), Told(2 * std::log(q), 2));
  EXPECT_NEAR(verdict.confidence, p / (p + q), 1e-12);
  EXPECT_EQ(Decided(Told(-1, 1), Told(-2, 2)).confidence, 0.5);
  EXPECT_TRUE(Decided(Told(-1, 1), Told(-2, 2)).first_is_better);
}

TEST(LogProbability, WithoutTokensIsTheWorst) {
  EXPECT_FALSE(Decided(Told(0, 0), Told(-9, 1)).first_is_better);
  EXPECT_EQ(Decided(Told(0, 0), Told(-9, 1)).confidence, 1);
  EXPECT_EQ(Decided(Told(0, 0), Told(0, 0)).confidence, 0.5);
}

// What both say of a pair whose first text the judge prefers so surely.
Verdict Weighed(double confidence, const TracedCandidate& first,
                const TracedCandidate& second) {
  ExpansionTrace expansion;
  expansion.candidates = {second, first};
  Compare compare;
  compare.pairs = {{1, 0}};
  Compared judged;
  judged.verdicts = {{true, confidence, "seen"}};
  return WithLikelihood(judged, compare, expansion).verdicts.at(0);
}

TEST(JudgeAndLikelihood, MultiplyTheirOdds) {
  // 4 to 1, times 1 to 3.
  const Verdict agreed =
      Weighed(0.8, Told(std::log(0.1), 5), Told(std::log(0.3), 2));
  EXPECT_TRUE(agreed.first_is_better);
  EXPECT_NEAR(agreed.confidence, 4.0 / 7, 1e-12);
  EXPECT_EQ(agreed.rationale, "seen");
  // 2 to 1, times 1 to 3.
  const Verdict overruled =
      Weighed(2.0 / 3, Told(std::log(0.1), 5), Told(std::log(0.3), 2));
  EXPECT_FALSE(overruled.first_is_better);
  EXPECT_NEAR(overruled.confidence, 3.0 / 5, 1e-12);
}

TEST(JudgeAndLikelihood, AreTheJudgeWhereTheLikelihoodSaysNothing) {
  EXPECT_NEAR(Weighed(0.7, Told(-1, 1), Told(-1, 4)).confidence, 0.7, 1e-12);
  EXPECT_NEAR(Weighed(0.7, Told(0, 0), Told(NAN, 4)).confidence, 0.7, 1e-12);
}

TEST(JudgeAndLikelihood, LetNoJudgeBeSureBeyondAllLikelihood) {
  EXPECT_TRUE(Weighed(1, Told(-13, 9), Told(0, 9)).first_is_better);
  EXPECT_FALSE(Weighed(1, Told(-14, 9), Told(0, 9)).first_is_better);
  EXPECT_FALSE(Weighed(1, Told(0, 0), Told(-99, 9)).first_is_better);
}

Compare Pairs(int count, int64_t seed) {
  Compare compare;
  for (int i = 0; i < count; ++i) compare.pairs.push_back({2 * i, 2 * i + 1});
  compare.seed = seed;
  return compare;
}

std::vector<bool> Tossed(int count, int64_t seed) {
  std::vector<bool> firsts;
  for (const Verdict& verdict :
       DecideWithoutJudge(Decider::kChance, Pairs(count, seed), {}).verdicts) {
    EXPECT_EQ(verdict.confidence, 0.5);
    firsts.push_back(verdict.first_is_better);
  }
  return firsts;
}

TEST(Chance, IsFair) {
  const std::vector<bool> firsts = Tossed(10000, 1);
  // Four standard deviations.
  EXPECT_NEAR(std::count(firsts.begin(), firsts.end(), true), 5000, 200);
}

TEST(Chance, IsTheSameForTheSameSeedAndAnotherForAnother) {
  EXPECT_EQ(Tossed(64, 7), Tossed(64, 7));
  std::set<std::vector<bool>> tosses;
  for (int64_t seed = 0; seed < 20; ++seed) tosses.insert(Tossed(64, seed));
  EXPECT_THAT(tosses, SizeIs(20));
}

TEST(Chance, OfAPairDoesNotDependOnThePairsBesideIt) {
  Compare one = Pairs(8, 3);
  const bool last = Tossed(8, 3)[7];
  one.pairs = {one.pairs[7]};
  EXPECT_EQ(DecideWithoutJudge(Decider::kChance, one, {})
                .verdicts.at(0)
                .first_is_better,
            last);
}

}  // namespace
}  // namespace stagebeam::search
