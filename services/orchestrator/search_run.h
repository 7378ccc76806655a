#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_RUN_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_RUN_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/inference/request_context.h"
#include "libs/tracing/span.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/pace.h"
#include "services/orchestrator/solver_metrics.h"
#include "services/orchestrator/trace_teller.h"
#include "services/orchestrator/worker_calls.h"

namespace stagebeam::orchestrator {

// One search from its first ask to its end. Used once, by one thread.
class SearchRun {
 public:
  // All must outlive it. It is the span "request" of `context`'s trace, with a
  // span for each stage.
  SearchRun(const Workers& workers, SolverMetrics& metrics,
            const inference::RequestContext& context, const Question& question,
            StepListener& listener);

  // Errors are the workers', CANCELLED and DEADLINE_EXCEEDED.
  absl::StatusOr<Answer> Run();

 private:
  // From the first ask to the last.
  absl::Status Search();
  // Encodes, and starts the search.
  absl::Status Start();
  // Has one ask answered and tells of what came of it.
  absl::Status Step();
  // Opens the span of an expansion, and its time.
  void BeginExpansion(const search::Expand& expand);
  absl::Status Sample(const search::Expand& expand);
  absl::Status Compare(const search::Compare& compare);
  // Tells the search what the judge said, as the decider weighs it.
  absl::Status TellCompared(const search::Compare& compare,
                            search::Compared compared);
  // Ends and times an expansion that is over, and shortens a search that is too
  // slow.
  void KeepPace();
  Answer Finish();

  const Workers& workers_;
  SolverMetrics& metrics_;
  const Question& question_;
  StepListener& listener_;
  const absl::Time start_;
  // These outlive calls_, whose spans are within them.
  tracing::Span span_;
  const inference::RequestContext context_;
  tracing::Span stage_span_;
  inference::RequestContext stage_context_;
  WorkerCalls calls_;
  Pace pace_;
  TraceTeller teller_;
  std::unique_ptr<search::Search> search_;
  absl::Time expansion_start_;
  // Expansions that ended.
  size_t ended_ = 0;
  // Duels that no judge decided.
  int unjudged_duels_ = 0;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_RUN_H_
