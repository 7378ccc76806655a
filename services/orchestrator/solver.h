#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_SOLVER_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_SOLVER_H_

#include "absl/status/statusor.h"
#include "libs/inference/request_context.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/question.h"
#include "services/orchestrator/solver_metrics.h"
#include "services/orchestrator/worker_calls.h"

namespace stagebeam::orchestrator {

// Answers questions: runs the search, sends what it asks for to the workers,
// and ends it in time. Thread-safe.
class Solver {
 public:
  // Both must outlive it, as must what `workers` refers to.
  Solver(Workers workers, SolverMetrics& metrics)
      : workers_(std::move(workers)), metrics_(metrics) {}

  // Blocks. A judge out of reach, candidates without their tags and a close
  // deadline cost quality, and are reported in Outcome::degradations.
  //
  // Errors: as OrchestratorService.Reason, see ForCaller.
  absl::StatusOr<Answer> Solve(const inference::RequestContext& context,
                               const Question& question,
                               StepListener& listener);

 private:
  const Workers workers_;
  SolverMetrics& metrics_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_SOLVER_H_
