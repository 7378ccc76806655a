#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_PACE_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_PACE_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/search/search.h"

namespace stagebeam::orchestrator {

// Judges from the expansions so far whether a search will make its deadline.
// Not thread-safe.
class Pace {
 public:
  Pace(const search::Strategy& strategy, absl::Time deadline);

  // An expansion and its knock-out took `time`.
  void ExpansionTook(absl::Duration time);

  // Why the search must be shortened, at time `now`; none where it has time, or
  // nothing is known yet. It has time if the expansions to come, at the
  // slowest's pace, leave a fifth of the rest.
  std::optional<std::string> WhyTooSlow(absl::Time now) const;

 private:
  // Expansions to come; for sentences, whose number nobody knows, a few.
  int ExpansionsLeft() const;

  const bool by_sentences_;
  const absl::Time deadline_;
  int done_ = 0;
  absl::Duration slowest_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_PACE_H_
