#include "libs/search/response_text.h"
#include "libs/search/rules.h"

namespace stagebeam::search {
namespace {

class SentenceBeamRules : public Rules {
 public:
  explicit SentenceBeamRules(const SentenceBeam& strategy)
      : strategy_(strategy) {}

  std::optional<RoundPlan> Plan(const std::vector<Line>& lines, int round,
                                bool shortened) const override {
    const Line& line = lines.front();
    if (line.ended || Closes(line.text, Stage::kConclusion) ||
        round >= strategy_.max_sentence_count) {
      return std::nullopt;
    }
    RoundPlan plan;
    plan.stage = StageInProgress(line.text);
    plan.subject = Subject::kSentence;
    plan.counts = {shortened ? 1 : strategy_.candidate_count};
    plan.stop_strings = {ClosingTag(Stage::kConclusion)};
    // A shortened search writes the rest of the response in one go.
    plan.stop_after_sentence = !shortened;
    return plan;
  }

  // A whole sentence, or one that closes the conclusion. Ending the turn before
  // that would end the response without an answer.
  bool Eligible(const RoundPlan&, const Line& parent,
                const Candidate& candidate) const override {
    if (Closes(parent.text + candidate.text, Stage::kConclusion)) return true;
    return candidate.finish == Finish::kStopString &&
           !Trimmed(candidate.text).empty();
  }

  std::string EligibleMeans(const RoundPlan&) const override {
    return "completed the next sentence";
  }

  std::string JudgedText(const RoundPlan&,
                         const Candidate& candidate) const override {
    return std::string(Trimmed(candidate.text));
  }

  std::string Hint(const RoundPlan&, const Line& parent) const override {
    return std::string(Trimmed(parent.text));
  }

 private:
  const SentenceBeam strategy_;
};

}  // namespace

std::unique_ptr<Rules> MakeRules(const SentenceBeam& strategy) {
  return std::make_unique<SentenceBeamRules>(strategy);
}

}  // namespace stagebeam::search
