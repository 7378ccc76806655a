#include "services/orchestrator/solver.h"

#include "services/orchestrator/search_run.h"
#include "services/orchestrator/worker_errors.h"

namespace stagebeam::orchestrator {

absl::StatusOr<Answer> Solver::Solve(const inference::RequestContext& context,
                                     const Question& question,
                                     StepListener& listener) {
  SearchRun run(workers_, metrics_, context, question, listener);
  absl::StatusOr<Answer> answer = run.Run();
  if (!answer.ok()) {
    return ForCaller(answer.status(), question.features.has_value());
  }
  metrics_.Answered(StrategyName(question.strategy), *answer);
  return answer;
}

}  // namespace stagebeam::orchestrator
