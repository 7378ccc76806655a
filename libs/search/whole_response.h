#ifndef STAGEBEAM_LIBS_SEARCH_WHOLE_RESPONSE_H_
#define STAGEBEAM_LIBS_SEARCH_WHOLE_RESPONSE_H_

#include <optional>
#include <string>
#include <vector>

#include "libs/search/rules.h"

namespace stagebeam::search {

// One round of whole responses: what a single pass and best-of-N share, so that
// best-of-1 is a single pass.
class WholeResponseRules : public Rules {
 public:
  explicit WholeResponseRules(int candidate_count)
      : candidate_count_(candidate_count) {}

  std::optional<RoundPlan> Plan(const std::vector<Line>& lines, int round,
                                bool shortened) const override;
  bool Eligible(const RoundPlan& plan, const Line& parent,
                const Candidate& candidate) const override;
  std::string EligibleMeans(const RoundPlan& plan) const override;
  std::string JudgedText(const RoundPlan& plan,
                         const Candidate& candidate) const override;
  std::string Hint(const RoundPlan& plan, const Line& parent) const override;

 private:
  const int candidate_count_;
};

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_WHOLE_RESPONSE_H_
