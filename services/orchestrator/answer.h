#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_ANSWER_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_ANSWER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/inference/encoder.h"
#include "libs/search/search.h"

namespace stagebeam::orchestrator {

// What became of duels that were begun while candidates were still sampled.
struct EarlyDuelCounts {
  // The search asked for them.
  int used = 0;
  // It did not; cancelled, where they still ran.
  int wasted = 0;
  // The judge gave no verdict.
  int failed = 0;
};

// What an answer cost. Counts are of generator and judge together; times are
// wall time.
struct Cost {
  int64_t prompt_token_count = 0;
  int64_t reused_token_count = 0;
  int64_t generated_token_count = 0;
  int candidate_count = 0;
  // With a verdict, whether the search asked for it or not.
  int duel_count = 0;
  EarlyDuelCounts early_duels;
  bool image_cached = false;
  absl::Duration encode_time;
  absl::Duration generate_time;
  // Of the search's waiting: early duels take none of it while candidates are
  // sampled.
  absl::Duration judge_time;
  absl::Duration total_time;
};

// What a solved question has.
struct Answer {
  search::Outcome outcome;
  std::vector<search::ExpansionTrace> trace;
  inference::ImageFeatures features;
  std::string model_id;
  Cost cost;
};

// Hears the steps of one search as they happen, in order, from one thread.
class StepListener {
 public:
  virtual ~StepListener() = default;

  virtual void OnImageEncoded(const inference::ImageFeatures& features,
                              bool cached) = 0;
  // `first` is the index of the first of `candidates` among the stage's: those
  // before came with earlier draws.
  virtual void OnCandidatesSampled(
      search::Stage stage, int first,
      const std::vector<search::TracedCandidate>& candidates) = 0;
  virtual void OnDuelDecided(search::Stage stage,
                             const search::TracedDuel& duel) = 0;
  // `candidate` is an index into the stage's candidates.
  virtual void OnStageChosen(const search::StageText& chosen,
                             int candidate) = 0;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_ANSWER_H_
