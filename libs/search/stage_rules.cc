#include "libs/search/stage_rules.h"

#include <cstddef>
#include <utility>

#include "libs/search/response_text.h"

namespace stagebeam::search {
namespace {

Subject SubjectOf(Stage stage) {
  switch (stage) {
    case Stage::kSummary:
      return Subject::kSummary;
    case Stage::kCaption:
      return Subject::kCaption;
    case Stage::kReasoning:
      return Subject::kReasoning;
    case Stage::kConclusion:
      return Subject::kConclusion;
    case Stage::kResponse:
      break;
  }
  return Subject::kResponse;
}

// `total` over `lines` lines as evenly as can be, the rest to the best ones.
std::vector<int> Shares(int total, int lines) {
  std::vector<int> shares(static_cast<size_t>(lines), total / lines);
  for (int i = 0; i < total % lines; ++i) ++shares[static_cast<size_t>(i)];
  return shares;
}

std::string ChosenOf(const Line& line, Stage stage) {
  for (const StageText& chosen : line.stages) {
    if (chosen.stage == stage) return chosen.text;
  }
  return "";
}

}  // namespace

std::optional<RoundPlan> StageRules::Plan(const std::vector<Line>& lines,
                                          int round, bool shortened) const {
  if (round >= static_cast<int>(kStages.size())) return std::nullopt;
  RoundPlan plan;
  plan.stage = kStages[static_cast<size_t>(round)];
  plan.subject = SubjectOf(plan.stage);
  plan.counts =
      Shares(shortened ? 1 : candidate_count_, static_cast<int>(lines.size()));
  plan.stop_strings = {ClosingTag(plan.stage)};
  // There is one answer.
  plan.keep = plan.stage == Stage::kConclusion ? 1 : survivor_count_;
  return plan;
}

bool StageRules::Eligible(const RoundPlan& plan, const Line&,
                          const Candidate& candidate) const {
  return Closes(candidate.text, plan.stage);
}

std::string StageRules::EligibleMeans(const RoundPlan& plan) const {
  return "closed " + ClosingTag(plan.stage);
}

std::string StageRules::JudgedText(const RoundPlan& plan,
                                   const Candidate& candidate) const {
  return ChosenText(candidate.text, plan.stage);
}

// As in LLaVA-o1: reasoning is judged in view of the caption, a conclusion in
// view of caption and reasoning.
std::string StageRules::Hint(const RoundPlan& plan, const Line& parent) const {
  if (plan.stage == Stage::kReasoning) return ChosenOf(parent, Stage::kCaption);
  if (plan.stage != Stage::kConclusion) return "";
  return std::string(Trimmed(ChosenOf(parent, Stage::kCaption) + " " +
                             ChosenOf(parent, Stage::kReasoning)));
}

void StageRules::Extend(const RoundPlan& plan, const Candidate& candidate,
                        bool eligible, Line& line) const {
  line.stages.push_back({plan.stage, ChosenText(candidate.text, plan.stage)});
  if (eligible) return Rules::Extend(plan, candidate, eligible, line);
  ClosedStage closed = CutAndClose(candidate.text, plan.stage);
  if (closed.keeps_tokens) Rules::Extend(plan, candidate, eligible, line);
  line.text += closed.appended;
  line.appended_text = std::move(closed.appended);
}

}  // namespace stagebeam::search
