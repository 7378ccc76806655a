#include "services/orchestrator/solver_metrics.h"

#include <string>

#include "absl/strings/ascii.h"
#include "libs/search/response_text.h"

namespace stagebeam::orchestrator {
namespace {

using search::DegradationKind;

constexpr char kEarlyDuels[] = "stagebeam_orchestrator_early_duels_total";
constexpr char kRequests[] = "stagebeam_orchestrator_requests_total";
constexpr char kRequestsHelp[] =
    "Questions, by strategy and by how they ended.";

std::string NameOf(DegradationKind kind) {
  switch (kind) {
    case DegradationKind::kJudgeUnavailable:
      return "judge_unavailable";
    case DegradationKind::kFewerCandidates:
      return "fewer_candidates";
    case DegradationKind::kStageCut:
      return "stage_cut";
    case DegradationKind::kShortened:
      break;
  }
  return "shortened";
}

std::string OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "answered";
  return absl::AsciiStrToLower(absl::StatusCodeToString(status.code()));
}

}  // namespace

SolverMetrics::SolverMetrics(serving::Metrics& metrics)
    : metrics_(metrics),
      candidates_(metrics.AddCounter("stagebeam_orchestrator_candidates_total",
                                     "Candidates sampled.")),
      duels_(metrics.AddCounter("stagebeam_orchestrator_duels_total",
                                "Duels decided by a judge.")) {
  for (const char* strategy :
       {"single_pass", "best_of_n", "sentence_beam", "stage_beam"}) {
    metrics.AddCounter(kRequests, kRequestsHelp,
                       {{"strategy", strategy}, {"outcome", "answered"}});
  }
  for (auto kind :
       {DegradationKind::kJudgeUnavailable, DegradationKind::kFewerCandidates,
        DegradationKind::kStageCut, DegradationKind::kShortened}) {
    Degradations(kind);
  }
  for (const char* kind : {"prompt", "reused", "generated"}) Tokens(kind);
  for (const char* outcome : {"used", "wasted", "failed"}) EarlyDuels(outcome);
  for (search::Stage stage : search::kStages) StageSeconds(stage);
  StageSeconds(search::Stage::kResponse);
}

serving::Counter SolverMetrics::Degradations(DegradationKind kind) {
  return metrics_.AddCounter(
      "stagebeam_orchestrator_degradations_total",
      "What went wrong without costing the answer, by kind.",
      {{"kind", NameOf(kind)}});
}

serving::Counter SolverMetrics::Tokens(std::string_view kind) {
  return metrics_.AddCounter(
      "stagebeam_orchestrator_tokens_total",
      "Tokens of answered questions, generator and judge: of prompts, of these "
      "not computed again, and sampled.",
      {{"kind", std::string(kind)}});
}

serving::Counter SolverMetrics::EarlyDuels(std::string_view outcome) {
  return metrics_.AddCounter(
      kEarlyDuels,
      "Duels of answered questions that were begun while candidates were "
      "still sampled, by what became of them.",
      {{"outcome", std::string(outcome)}});
}

serving::Histogram SolverMetrics::StageSeconds(search::Stage stage) {
  return metrics_.AddHistogram(
      "stagebeam_orchestrator_stage_seconds",
      "Wall time of an expansion and its knock-out, by stage.",
      serving::CallSeconds(),
      {{"stage", std::string(search::StageName(stage))}});
}

void SolverMetrics::RequestEnded(std::string_view strategy,
                                 const absl::Status& status) {
  metrics_
      .AddCounter(
          kRequests, kRequestsHelp,
          {{"strategy", std::string(strategy)}, {"outcome", OutcomeOf(status)}})
      .Increment();
}

void SolverMetrics::StageTook(search::Stage stage, absl::Duration time) {
  StageSeconds(stage).Observe(absl::ToDoubleSeconds(time));
}

void SolverMetrics::Answered(const Answer& answer) {
  candidates_.Increment(answer.cost.candidate_count);
  duels_.Increment(answer.cost.duel_count);
  EarlyDuels("used").Increment(answer.cost.early_duels.used);
  EarlyDuels("wasted").Increment(answer.cost.early_duels.wasted);
  EarlyDuels("failed").Increment(answer.cost.early_duels.failed);
  Tokens("prompt").Increment(
      static_cast<double>(answer.cost.prompt_token_count));
  Tokens("reused").Increment(
      static_cast<double>(answer.cost.reused_token_count));
  Tokens("generated")
      .Increment(static_cast<double>(answer.cost.generated_token_count));
  for (const search::Degradation& degradation : answer.outcome.degradations) {
    Degradations(degradation.kind).Increment();
  }
}

}  // namespace stagebeam::orchestrator
