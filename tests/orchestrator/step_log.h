#ifndef STAGEBEAM_TESTS_ORCHESTRATOR_STEP_LOG_H_
#define STAGEBEAM_TESTS_ORCHESTRATOR_STEP_LOG_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/search/response_text.h"
#include "services/orchestrator/answer.h"

namespace stagebeam::orchestrator {

// Writes down every step, one line each.
class StepLog final : public StepListener {
 public:
  void OnImageEncoded(const inference::ImageFeatures& features,
                      bool cached) override {
    steps_.push_back(
        absl::StrCat("image ", features.key, cached ? " cached" : ""));
  }
  void OnCandidatesSampled(
      search::Stage stage, int first,
      const std::vector<search::TracedCandidate>& candidates) override {
    Add(stage, absl::StrCat(candidates.size(), " candidates",
                            first > 0 ? absl::StrCat(" from ", first) : ""));
  }
  void OnDuelDecided(search::Stage stage,
                     const search::TracedDuel& duel) override {
    Add(stage,
        absl::StrCat(duel.first, " or ", duel.second, ": ", duel.winner));
  }
  void OnStageChosen(const search::StageText& chosen, int candidate) override {
    Add(chosen.stage, absl::StrCat("chosen ", candidate, ": ", chosen.text));
  }

  const std::vector<std::string>& steps() const { return steps_; }

 private:
  void Add(search::Stage stage, const std::string& what) {
    steps_.push_back(std::string(search::StageName(stage)) + ": " + what);
  }

  std::vector<std::string> steps_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_TESTS_ORCHESTRATOR_STEP_LOG_H_
