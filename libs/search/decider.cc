#include "libs/search/decider.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "libs/search/likelihood.h"
#include "libs/search/random.h"

namespace stagebeam::search {
namespace {

// Judges say 0 and 1 by rounding only.
constexpr double kLeastDoubt = 1e-6;

const TracedCandidate& CandidateOf(const ExpansionTrace& expansion, int index) {
  return expansion.candidates[static_cast<size_t>(index)];
}

// How far log-probabilities are apart; the difference of two infinities is no
// number.
double Lead(double first, double second) {
  return first == second ? 0 : first - second;
}

Verdict ByLead(double lead, std::string rationale) {
  return {lead >= 0, 1 / (1 + std::exp(-std::abs(lead))), std::move(rationale)};
}

Verdict ByLogProbability(const Pair& pair, const ExpansionTrace& expansion) {
  const auto of = [&](int index) {
    const TracedCandidate& candidate = CandidateOf(expansion, index);
    return PerToken(candidate.logprob, candidate.token_count);
  };
  return ByLead(Lead(of(pair.first), of(pair.second)), "");
}

double Whole(const TracedCandidate& candidate) {
  return std::isnan(candidate.logprob) || candidate.token_count == 0
             ? -std::numeric_limits<double>::infinity()
             : candidate.logprob;
}

double JudgesLead(const Verdict& verdict) {
  const double sure =
      std::clamp(verdict.confidence, kLeastDoubt, 1 - kLeastDoubt);
  return std::log(sure / (1 - sure)) * (verdict.first_is_better ? 1 : -1);
}

// Nobody fights twice in a round, so that the first fighter tells its duel's
// coin from the others.
Verdict ByChance(const Pair& pair, int64_t seed) {
  const int64_t coin =
      DeriveSeed(seed, SeedUse::kJudging, 0, static_cast<uint64_t>(pair.first));
  return {RandomStream(static_cast<uint64_t>(coin)).Below(2) == 0, 0.5, ""};
}

}  // namespace

bool AsksJudge(Decider decider) {
  return decider == Decider::kJudge || decider == Decider::kJudgeAndLikelihood;
}

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

Compared WithLikelihood(Compared judged, const Compare& compare,
                        const ExpansionTrace& expansion) {
  const size_t count = std::min(judged.verdicts.size(), compare.pairs.size());
  for (size_t i = 0; i < count; ++i) {
    Verdict& verdict = judged.verdicts[i];
    const auto [first, second] = compare.pairs[i];
    const double likelihood = Lead(Whole(CandidateOf(expansion, first)),
                                   Whole(CandidateOf(expansion, second)));
    verdict =
        ByLead(JudgesLead(verdict) + likelihood, std::move(verdict.rationale));
  }
  return judged;
}

}  // namespace stagebeam::search
