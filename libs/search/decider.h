#ifndef STAGEBEAM_LIBS_SEARCH_DECIDER_H_
#define STAGEBEAM_LIBS_SEARCH_DECIDER_H_

#include "libs/search/search.h"

namespace stagebeam::search {

// Who decides duels. What a judge is worth shows against the others; where it
// decides less well than the likelihood, that one serves better.
enum class Decider { kJudge, kLogProbability, kChance };

// Answers `compare` without a judge. `expansion` is the trace of the expansion
// that it is about.
//
// kLogProbability: the greater log-probability per token wins, the first where
// they are equal. With p and q the geometric means of the token probabilities,
// p >= q, the confidence is p / (p + q).
// kChance: a coin that `compare.seed` and the pair toss; the confidence is 0.5.
// kJudge must not be asked for.
Compared DecideWithoutJudge(Decider decider, const Compare& compare,
                            const ExpansionTrace& expansion);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_DECIDER_H_
