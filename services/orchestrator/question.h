#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_QUESTION_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_QUESTION_H_

#include <optional>
#include <string>

#include "libs/inference/encoder.h"
#include "libs/inference/generator.h"
#include "libs/inference/judge.h"
#include "libs/search/decider.h"
#include "libs/search/search.h"

namespace stagebeam::orchestrator {

// A checked ReasonRequest.
struct Question {
  // The caller's, or one made for it; names the search on the workers.
  std::string request_id;
  // A whole file; empty where `features` came instead.
  std::string image;
  std::optional<inference::ImageFeatures> features;
  std::string text;
  search::Strategy strategy;
  // Its seed is the search's; its stage_index is not used.
  inference::SamplingParameters sampling;
  search::Decider decider = search::Decider::kJudge;
  inference::JudgeMethod judge_method = inference::JudgeMethod::kDefault;
  // As StoppingParameters.
  int max_candidate_tokens = 0;
  int min_candidate_tokens = 0;
};

// "single_pass", "best_of_n", "sentence_beam", "stage_beam" or "adaptive_beam".
std::string StrategyName(const search::Strategy& strategy);
// True where every expansion is of one stage.
bool GoesByStages(const search::Strategy& strategy);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_QUESTION_H_
