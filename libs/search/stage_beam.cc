#include <cstddef>

#include "libs/search/response_text.h"
#include "libs/search/rules.h"

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

class StageBeamRules : public Rules {
 public:
  explicit StageBeamRules(const StageBeam& strategy) : strategy_(strategy) {}

  std::optional<RoundPlan> Plan(const std::vector<Line>& lines, int round,
                                bool shortened) const override {
    if (round >= static_cast<int>(kStages.size())) return std::nullopt;
    RoundPlan plan;
    plan.stage = kStages[static_cast<size_t>(round)];
    plan.subject = SubjectOf(plan.stage);
    plan.counts = Shares(shortened ? 1 : strategy_.candidate_count,
                         static_cast<int>(lines.size()));
    plan.stop_strings = {ClosingTag(plan.stage)};
    // There is one answer.
    plan.keep = plan.stage == Stage::kConclusion ? 1 : strategy_.survivor_count;
    return plan;
  }

  bool Eligible(const RoundPlan& plan, const Line&,
                const Candidate& candidate) const override {
    return Closes(candidate.text, plan.stage);
  }

  std::string EligibleMeans(const RoundPlan& plan) const override {
    return "closed " + ClosingTag(plan.stage);
  }

  std::string JudgedText(const RoundPlan& plan,
                         const Candidate& candidate) const override {
    return ChosenText(candidate.text, plan.stage);
  }

  // As in LLaVA-o1: reasoning is judged in view of the caption, a conclusion in
  // view of caption and reasoning.
  std::string Hint(const RoundPlan& plan, const Line& parent) const override {
    if (plan.stage == Stage::kReasoning)
      return ChosenOf(parent, Stage::kCaption);
    if (plan.stage != Stage::kConclusion) return "";
    return std::string(Trimmed(ChosenOf(parent, Stage::kCaption) + " " +
                               ChosenOf(parent, Stage::kReasoning)));
  }

  void Extend(const RoundPlan& plan, const Candidate& candidate, bool eligible,
              Line& line) const override {
    line.stages.push_back({plan.stage, ChosenText(candidate.text, plan.stage)});
    if (eligible) return Rules::Extend(plan, candidate, eligible, line);
    ClosedStage closed = CutAndClose(candidate.text, plan.stage);
    if (closed.keeps_tokens) Rules::Extend(plan, candidate, eligible, line);
    line.text += closed.appended;
    line.appended_text = std::move(closed.appended);
  }

 private:
  const StageBeam strategy_;
};

}  // namespace

std::unique_ptr<Rules> MakeRules(const StageBeam& strategy) {
  return std::make_unique<StageBeamRules>(strategy);
}

}  // namespace stagebeam::search
