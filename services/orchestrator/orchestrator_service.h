#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_ORCHESTRATOR_SERVICE_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_ORCHESTRATOR_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/inference/request_context.h"
#include "libs/serving/call_runner.h"
#include "services/orchestrator/request_check.h"
#include "services/orchestrator/request_ledger.h"
#include "services/orchestrator/solver.h"
#include "services/orchestrator/solver_metrics.h"
#include "stagebeam/orchestrator/v1/orchestrator.grpc.pb.h"

namespace stagebeam::orchestrator {

// stagebeam.orchestrator.v1 over a solver. Thread-safe.
class OrchestratorServiceAdapter final
    : public v1::OrchestratorService::CallbackService {
 public:
  struct Options {
    RequestRules rules;
    RequestLedger::Limits remembered;
    // Cap on the time of one answer.
    absl::Duration max_answer_time = absl::Minutes(5);
  };

  // All must outlive it.
  OrchestratorServiceAdapter(const Options& options, Solver& solver,
                             SolverMetrics& metrics,
                             serving::CallRunner& calls);

  grpc::ServerUnaryReactor* Reason(grpc::CallbackServerContext* call,
                                   const v1::ReasonRequest* request,
                                   v1::ReasonResponse* response) override;

  // A repeat of a request_id gets the last event alone.
  grpc::ServerWriteReactor<v1::StreamReasonResponse>* StreamReason(
      grpc::CallbackServerContext* call,
      const v1::StreamReasonRequest* request) override;

 private:
  absl::StatusOr<RequestLedger::Response> Answer(
      const inference::RequestContext& caller, const v1::ReasonRequest& request,
      StepListener& listener);
  absl::StatusOr<RequestLedger::Response> Solve(
      const inference::RequestContext& caller, const v1::ReasonRequest& request,
      Question question, StepListener& listener);

  const Options options_;
  Solver& solver_;
  SolverMetrics& metrics_;
  serving::CallRunner& calls_;
  RequestLedger ledger_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_ORCHESTRATOR_SERVICE_H_
