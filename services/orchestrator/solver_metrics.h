#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_SOLVER_METRICS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_SOLVER_METRICS_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/search/search.h"
#include "libs/serving/metrics.h"
#include "services/orchestrator/answer.h"

namespace stagebeam::orchestrator {

// Counts what searches did, as stagebeam_orchestrator_*. Thread-safe.
class SolverMetrics {
 public:
  // `metrics` must outlive it. Every series starts at 0.
  explicit SolverMetrics(serving::Metrics& metrics);

  // Strategies are StrategyNames. A request ended with `status`.
  void RequestEnded(std::string_view strategy, const absl::Status& status);
  // An expansion of `stage` and its knock-out took `time`.
  void StageTook(std::string_view strategy, search::Stage stage,
                 absl::Duration time);
  void Answered(std::string_view strategy, const Answer& answer);

 private:
  serving::Counter Degradations(search::DegradationKind kind);
  serving::Counter Tokens(std::string_view kind);
  serving::Counter EarlyDuels(std::string_view outcome);
  serving::Counter Pictures(bool cached);
  serving::Counter Requests(std::string_view strategy,
                            const absl::Status& status);
  serving::Histogram RequestSeconds(std::string_view strategy);
  serving::Histogram RequestTokens(std::string_view strategy,
                                   std::string_view kind);
  // `service`: who was at work, or "orchestrator".
  serving::Counter ServiceSeconds(std::string_view strategy,
                                  std::string_view service);
  serving::Histogram StageSeconds(std::string_view strategy,
                                  search::Stage stage);
  void StartAtZero(const search::Strategy& of);
  void CountTokens(std::string_view strategy, const Cost& cost);
  void CountTime(std::string_view strategy, const Cost& cost);

  serving::Metrics& metrics_;
  const serving::Counter candidates_;
  const serving::Counter duels_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_SOLVER_METRICS_H_
