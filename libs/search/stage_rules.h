#ifndef STAGEBEAM_LIBS_SEARCH_STAGE_RULES_H_
#define STAGEBEAM_LIBS_SEARCH_STAGE_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "libs/search/rules.h"

namespace stagebeam::search {

// One round a stage: what stage beam and adaptive beam share.
class StageRules : public Rules {
 public:
  // `candidate_count` over all survivors; `survivor_count` at each stage but
  // the last.
  StageRules(int candidate_count, int survivor_count)
      : candidate_count_(candidate_count), survivor_count_(survivor_count) {}

  std::optional<RoundPlan> Plan(const std::vector<Line>& lines, int round,
                                bool shortened) const override;
  bool Eligible(const RoundPlan& plan, const Line& parent,
                const Candidate& candidate) const override;
  std::string EligibleMeans(const RoundPlan& plan) const override;
  std::string JudgedText(const RoundPlan& plan,
                         const Candidate& candidate) const override;
  // As in LLaVA-o1: reasoning is judged in view of the caption, a conclusion in
  // view of caption and reasoning.
  std::string Hint(const RoundPlan& plan, const Line& parent) const override;
  void Extend(const RoundPlan& plan, const Candidate& candidate, bool eligible,
              Line& line) const override;

 private:
  const int candidate_count_;
  const int survivor_count_;
};

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_STAGE_RULES_H_
