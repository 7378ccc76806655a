#include "libs/search/whole_response.h"

#include "libs/search/response_text.h"

namespace stagebeam::search {

std::optional<RoundPlan> WholeResponseRules::Plan(const std::vector<Line>&,
                                                  int round,
                                                  bool shortened) const {
  if (round > 0) return std::nullopt;
  RoundPlan plan;
  plan.counts = {shortened ? 1 : candidate_count_};
  return plan;
}

bool WholeResponseRules::Eligible(const RoundPlan&, const Line&,
                                  const Candidate& candidate) const {
  return Closes(candidate.text, Stage::kConclusion);
}

std::string WholeResponseRules::EligibleMeans(const RoundPlan&) const {
  return "closed " + ClosingTag(Stage::kConclusion);
}

std::string WholeResponseRules::JudgedText(const RoundPlan&,
                                           const Candidate& candidate) const {
  return std::string(Trimmed(candidate.text));
}

std::string WholeResponseRules::Hint(const RoundPlan&, const Line&) const {
  return "";
}

}  // namespace stagebeam::search
