#ifndef STAGEBEAM_TESTS_SEARCH_SCRIPTED_WORLD_H_
#define STAGEBEAM_TESTS_SEARCH_SCRIPTED_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/search/search.h"

namespace stagebeam::search {

// Scripted answers to a search's asks.
struct Script {
  std::function<Expanded(const Expand&)> sample;
  std::function<Compared(const Compare&)> judge;
};

// Every ask of a run, and what came of it.
struct Record {
  std::vector<Expand> expands;
  std::vector<Compare> compares;
  std::vector<ExpansionTrace> trace;
  Outcome outcome;
};

// A search that must exist.
std::unique_ptr<Search> Make(const Strategy& strategy, int64_t seed = 1);

// Runs a search to its end. Fails the test where a Tell fails or Next() is not
// idempotent.
Record RunSearch(Search& search, const Script& script);

// A candidate with one token for each four bytes.
Candidate Said(const std::string& text, double logprob = -1,
               Finish finish = Finish::kStopString);

// Candidates in order, for an expansion of one branch.
Expanded OneSet(std::vector<Candidate> candidates);

// The candidate of the pair with the greater text wins.
Compared GreaterTextWins(const Compare& compare);

// A world drawn from a seed: well-formed stages, stages that are not closed,
// that name other stages, that end the turn; equal texts; short sets; judges
// more and less sure. Candidate i of a branch is the same however many are
// asked for.
Script RandomWorld(uint64_t seed);

// Everything of a run as text, to compare runs.
std::string Describe(const Record& run);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_TESTS_SEARCH_SCRIPTED_WORLD_H_
