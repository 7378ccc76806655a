#include "services/orchestrator/solver_metrics.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "libs/search/response_text.h"
#include "services/orchestrator/question.h"

namespace stagebeam::orchestrator {
namespace {

using search::DegradationKind;

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
                                "Duels decided.")) {
  for (const search::Strategy& strategy : std::vector<search::Strategy>{
           search::SinglePass{}, search::BestOfN{}, search::SentenceBeam{},
           search::StageBeam{}, search::AdaptiveBeam{}}) {
    StartAtZero(strategy);
  }
  for (auto kind :
       {DegradationKind::kJudgeUnavailable, DegradationKind::kFewerCandidates,
        DegradationKind::kStageCut, DegradationKind::kShortened}) {
    Degradations(kind);
  }
  for (const char* kind : {"prompt", "reused", "generated"}) Tokens(kind);
  for (const char* outcome : {"used", "wasted", "failed"}) EarlyDuels(outcome);
  for (const bool cached : {true, false}) Pictures(cached);
}

// So that rates see the first event of each series that alerts ask for.
void SolverMetrics::StartAtZero(const search::Strategy& of) {
  const std::string strategy = StrategyName(of);
  Requests(strategy, absl::OkStatus());
  Requests(strategy, absl::DeadlineExceededError(""));
  RequestSeconds(strategy);
  for (const char* kind : {"prompt", "generated"})
    RequestTokens(strategy, kind);
  for (const char* service : {"encoder", "generator", "judge", "orchestrator"})
    ServiceSeconds(strategy, service);
  if (!GoesByStages(of)) {
    StageSeconds(strategy, search::Stage::kResponse);
    return;
  }
  for (search::Stage stage : search::kStages) StageSeconds(strategy, stage);
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
      "stagebeam_orchestrator_early_duels_total",
      "Duels of answered questions that were begun while candidates were "
      "still sampled, by what became of them.",
      {{"outcome", std::string(outcome)}});
}

serving::Counter SolverMetrics::Pictures(bool cached) {
  return metrics_.AddCounter(
      "stagebeam_orchestrator_pictures_total",
      "Pictures of answered questions, by where their features came from.",
      {{"source", cached ? "cache" : "encoding"}});
}

serving::Counter SolverMetrics::Requests(std::string_view strategy,
                                         const absl::Status& status) {
  return metrics_.AddCounter(
      "stagebeam_orchestrator_requests_total",
      "Questions, by strategy and by how they ended.",
      {{"strategy", std::string(strategy)}, {"outcome", OutcomeOf(status)}});
}

serving::Histogram SolverMetrics::RequestSeconds(std::string_view strategy) {
  return metrics_.AddHistogram(
      "stagebeam_orchestrator_request_seconds",
      "Wall time of a search that answered, by strategy.",
      serving::CallSeconds(), {{"strategy", std::string(strategy)}});
}

serving::Histogram SolverMetrics::RequestTokens(std::string_view strategy,
                                                std::string_view kind) {
  return metrics_.AddHistogram(
      "stagebeam_orchestrator_request_tokens",
      "Tokens of one answered question, generator and judge, by strategy.",
      serving::PowersOfTwo(1 << 18),
      {{"strategy", std::string(strategy)}, {"kind", std::string(kind)}});
}

serving::Counter SolverMetrics::ServiceSeconds(std::string_view strategy,
                                               std::string_view service) {
  return metrics_.AddCounter(
      "stagebeam_orchestrator_service_seconds_total",
      "Wall time of answered searches, by the service that they waited for.",
      {{"strategy", std::string(strategy)}, {"service", std::string(service)}});
}

serving::Histogram SolverMetrics::StageSeconds(std::string_view strategy,
                                               search::Stage stage) {
  return metrics_.AddHistogram(
      "stagebeam_orchestrator_stage_seconds",
      "Wall time of an expansion and its knock-out, by stage and strategy.",
      serving::CallSeconds(),
      {{"stage", std::string(search::StageName(stage))},
       {"strategy", std::string(strategy)}});
}

void SolverMetrics::RequestEnded(std::string_view strategy,
                                 const absl::Status& status) {
  Requests(strategy, status).Increment();
}

void SolverMetrics::StageTook(std::string_view strategy, search::Stage stage,
                              absl::Duration time) {
  StageSeconds(strategy, stage).Observe(absl::ToDoubleSeconds(time));
}

void SolverMetrics::Answered(std::string_view strategy, const Answer& answer) {
  const Cost& cost = answer.cost;
  candidates_.Increment(cost.candidate_count);
  duels_.Increment(cost.duel_count);
  EarlyDuels("used").Increment(cost.early_duels.used);
  EarlyDuels("wasted").Increment(cost.early_duels.wasted);
  EarlyDuels("failed").Increment(cost.early_duels.failed);
  Pictures(cost.image_cached).Increment();
  CountTokens(strategy, cost);
  CountTime(strategy, cost);
  for (const search::Degradation& degradation : answer.outcome.degradations) {
    Degradations(degradation.kind).Increment();
  }
}

void SolverMetrics::CountTokens(std::string_view strategy, const Cost& cost) {
  const auto prompt = static_cast<double>(cost.prompt_token_count);
  const auto generated = static_cast<double>(cost.generated_token_count);
  Tokens("prompt").Increment(prompt);
  Tokens("reused").Increment(static_cast<double>(cost.reused_token_count));
  Tokens("generated").Increment(generated);
  RequestTokens(strategy, "prompt").Observe(prompt);
  RequestTokens(strategy, "generated").Observe(generated);
}

void SolverMetrics::CountTime(std::string_view strategy, const Cost& cost) {
  const auto count = [&](std::string_view service, absl::Duration time) {
    ServiceSeconds(strategy, service).Increment(absl::ToDoubleSeconds(time));
  };
  count("encoder", cost.encode_time);
  count("generator", cost.generate_time);
  count("judge", cost.judge_time);
  count("orchestrator", cost.total_time - cost.encode_time -
                            cost.generate_time - cost.judge_time);
  RequestSeconds(strategy).Observe(absl::ToDoubleSeconds(cost.total_time));
}

}  // namespace stagebeam::orchestrator
