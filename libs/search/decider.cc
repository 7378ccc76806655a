#include "libs/search/decider.h"

#include <cmath>
#include <cstddef>

#include "libs/search/likelihood.h"
#include "libs/search/random.h"

namespace stagebeam::search {
namespace {

Verdict ByLogProbability(const Pair& pair, const ExpansionTrace& expansion) {
  const auto of = [&](int index) {
    const auto& candidate = expansion.candidates[static_cast<size_t>(index)];
    return PerToken(candidate.logprob, candidate.token_count);
  };
  const double first = of(pair.first);
  const double second = of(pair.second);
  // The difference of two infinities is no number.
  const double lead = first == second ? 0 : std::abs(first - second);
  return {first >= second, 1 / (1 + std::exp(-lead)), ""};
}

// Nobody fights twice in a round, so that the first fighter tells its duel's
// coin from the others.
Verdict ByChance(const Pair& pair, int64_t seed) {
  const int64_t coin =
      DeriveSeed(seed, SeedUse::kJudging, 0, static_cast<uint64_t>(pair.first));
  return {RandomStream(static_cast<uint64_t>(coin)).Below(2) == 0, 0.5, ""};
}

}  // namespace

Compared DecideWithoutJudge(Decider decider, const Compare& compare,
                            const ExpansionTrace& expansion) {
  Compared compared;
  for (const Pair& pair : compare.pairs) {
    compared.verdicts.push_back(decider == Decider::kChance
                                    ? ByChance(pair, compare.seed)
                                    : ByLogProbability(pair, expansion));
  }
  return compared;
}

}  // namespace stagebeam::search
