#ifndef STAGEBEAM_LIBS_SEARCH_DECIDER_H_
#define STAGEBEAM_LIBS_SEARCH_DECIDER_H_

#include "libs/search/search.h"

namespace stagebeam::search {

// Who decides duels. What a judge is worth shows against the others; where it
// decides less well than the likelihood, that one serves better.
enum class Decider { kJudge, kLogProbability, kChance, kJudgeAndLikelihood };

// Whether a judge has a say.
bool AsksJudge(Decider decider);

// Answers `compare` without a judge. `expansion` is the trace of the expansion
// that it is about.
//
// kLogProbability: the greater log-probability per token wins, the first where
// they are equal. With p and q the geometric means of the token probabilities,
// p >= q, the confidence is p / (p + q).
// kChance: a coin that `compare.seed` and the pair toss; the confidence is 0.5.
// A decider that asks a judge must not be asked for.
Compared DecideWithoutJudge(Decider decider, const Compare& compare,
                            const ExpansionTrace& expansion);

// For kJudgeAndLikelihood: what a judge said of `compare`, with the likelihood
// taken into account as if they knew nothing of each other. The odds of the
// first are the judge's times exp(l - m), with l and m the log-probabilities of
// the first and the second as a whole; the confidence is the winner's share. A
// judge is taken to be sure up to one in a million. Its rationale is kept.
Compared WithLikelihood(Compared judged, const Compare& compare,
                        const ExpansionTrace& expansion);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_DECIDER_H_
