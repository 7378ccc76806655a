#ifndef STAGEBEAM_LIBS_SEARCH_CONTENDERS_H_
#define STAGEBEAM_LIBS_SEARCH_CONTENDERS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "libs/search/knock_out.h"
#include "libs/search/search.h"

// The candidates of one round, over all of its draws, and who of them fights.
namespace stagebeam::search {

// A candidate of a round.
struct Contender {
  Candidate candidate;
  // Index of the line that it continues.
  size_t line = 0;
  // Number of the draw that it comes with, from 0.
  int draw = 0;
  // May take part in duels.
  bool eligible = true;
  // Nobody knows it yet. It counts as eligible and unlike any other.
  bool missing = false;
  // What the judge reads; empty while it is missing.
  std::string text;
  // Log-probability per token. Of contenders that said the same token by token
  // the first one's: how the others' was rounded must not decide anything.
  double likelihood = 0;
};

// The first of the likeliest. There must be one.
int Likeliest(const std::vector<Contender>& contenders);

int CountEligible(const std::vector<Contender>& contenders);
// Texts of those that are eligible, without repeats.
int CountTexts(const std::vector<Contender>& contenders);

// Who fights after draw `draw`: its own eligible contenders, but for those that
// repeat one of an earlier draw, and the best of these, if any. `contenders`
// are in order of draws.
std::vector<Entrant> EntrantsOf(const std::vector<Contender>& contenders,
                                int draw, std::optional<int> best);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_CONTENDERS_H_
