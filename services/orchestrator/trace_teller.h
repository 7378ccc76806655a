#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_TRACE_TELLER_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_TRACE_TELLER_H_

#include <cstddef>
#include <vector>

#include "libs/search/search.h"
#include "services/orchestrator/answer.h"

namespace stagebeam::orchestrator {

// Tells a listener what is new in a growing trace. Not thread-safe.
//
// A stage counts as chosen once every survivor goes back to the same candidate
// of it: with one survivor at once, with several as soon as the lines that
// began elsewhere are gone.
class TraceTeller {
 public:
  // `by_stages`: candidates are stages, told without their tags. `listener`
  // must outlive it.
  TraceTeller(bool by_stages, StepListener& listener)
      : by_stages_(by_stages), listener_(listener) {}

  void Tell(const std::vector<search::ExpansionTrace>& trace);

 private:
  void TellCandidates(const std::vector<search::ExpansionTrace>& trace);
  void TellDuels(const std::vector<search::ExpansionTrace>& trace);
  void TellChosen(const std::vector<search::ExpansionTrace>& trace);

  const bool by_stages_;
  StepListener& listener_;
  // Expansions of which something is told.
  size_t told_ = 0;
  // Candidates and duels of the last of them that are told.
  size_t told_candidates_ = 0;
  size_t told_duels_ = 0;
  // Expansions whose choice is told.
  size_t chosen_ = 0;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_TRACE_TELLER_H_
