#ifndef STAGEBEAM_LIBS_FEATURES_TIME_BUDGET_H_
#define STAGEBEAM_LIBS_FEATURES_TIME_BUDGET_H_

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace stagebeam::features {

// Time that several steps may take together; what happens between the steps
// costs nothing. Not thread-safe.
class TimeBudget {
 public:
  explicit TimeBudget(absl::Duration total) : left_(total) {}

  // Runs `step(deadline)`, where the step's deadline is the end of what is left
  // or `deadline`, whichever comes first, and deducts the time it took.
  template <typename Step>
  auto Spend(absl::Time deadline, Step&& step) {
    const absl::Time start = absl::Now();
    auto result = std::forward<Step>(step)(std::min(deadline, start + left_));
    left_ = std::max(absl::ZeroDuration(), left_ - (absl::Now() - start));
    return result;
  }

 private:
  absl::Duration left_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_TIME_BUDGET_H_
