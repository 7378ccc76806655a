#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_RUN_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_RUN_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/pace.h"
#include "services/orchestrator/solver_metrics.h"
#include "services/orchestrator/trace_teller.h"
#include "services/orchestrator/worker_calls.h"

namespace stagebeam::orchestrator {

// One search from its first ask to its end. Used once, by one thread.
class SearchRun {
 public:
  // All must outlive it.
  SearchRun(const Workers& workers, SolverMetrics& metrics,
            const inference::RequestContext& context, const Question& question,
            StepListener& listener);

  // Errors are the workers', CANCELLED and DEADLINE_EXCEEDED.
  absl::StatusOr<Answer> Run();

 private:
  // Encodes, and starts the search.
  absl::Status Start();
  // Has one ask answered and tells of what came of it.
  absl::Status Step();
  absl::Status Sample(const search::Expand& expand);
  absl::Status Compare(const search::Compare& compare);
  // Ends and times an expansion that is over, and shortens a search that is too
  // slow.
  void KeepPace();
  Answer Finish(absl::Time start) const;

  const Workers& workers_;
  SolverMetrics& metrics_;
  const inference::RequestContext& context_;
  const Question& question_;
  StepListener& listener_;
  WorkerCalls calls_;
  Pace pace_;
  TraceTeller teller_;
  std::unique_ptr<search::Search> search_;
  absl::Time expansion_start_;
  // Expansions that ended.
  size_t ended_ = 0;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_RUN_H_
