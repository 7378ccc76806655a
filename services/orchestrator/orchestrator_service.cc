#include "services/orchestrator/orchestrator_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "libs/serving/lateness.h"
#include "libs/tracing/trace_context.h"
#include "services/orchestrator/event_stream.h"
#include "services/orchestrator/response_conversion.h"

namespace stagebeam::orchestrator {
namespace {

constexpr char kReason[] =
    "/stagebeam.orchestrator.v1.OrchestratorService/Reason";
constexpr char kStreamReason[] =
    "/stagebeam.orchestrator.v1.OrchestratorService/StreamReason";

// A trace id is random, and long enough to be no other request's id.
std::string NewRequestId() { return tracing::NewTrace().trace_id; }

// The id that logs and spans know a call by: the request's, that of metadata
// (left to the runner), or a new one.
std::string RequestIdOf(const grpc::CallbackServerContext& call,
                        const v1::ReasonRequest& request) {
  if (!request.request_id().empty()) return request.request_id();
  const auto& metadata = call.client_metadata();
  return metadata.find("x-request-id") == metadata.end() ? NewRequestId() : "";
}

}  // namespace

OrchestratorServiceAdapter::OrchestratorServiceAdapter(
    const Options& options, Solver& solver, SolverMetrics& metrics,
    serving::CallRunner& calls)
    : options_(options),
      solver_(solver),
      metrics_(metrics),
      calls_(calls),
      ledger_(options.remembered) {}

grpc::ServerUnaryReactor* OrchestratorServiceAdapter::Reason(
    grpc::CallbackServerContext* call, const v1::ReasonRequest* request,
    v1::ReasonResponse* response) {
  return calls_.Unary(
      call, kReason,
      [this, request, response](const inference::RequestContext& context) {
        NobodyListens nobody;
        auto answer = Answer(context, *request, nobody);
        if (answer.ok()) *response = **answer;
        return answer.status();
      },
      RequestIdOf(*call, *request));
}

grpc::ServerWriteReactor<v1::StreamReasonResponse>*
OrchestratorServiceAdapter::StreamReason(
    grpc::CallbackServerContext* call, const v1::StreamReasonRequest* request) {
  return calls_.ServerStream<v1::StreamReasonResponse>(
      call, kStreamReason,
      [this, request](const inference::RequestContext& context,
                      EventStream::Stream& stream) -> absl::Status {
        EventStream events(stream);
        auto answer = Answer(context, request->request(), events);
        if (!answer.ok()) return answer.status();
        v1::StreamReasonResponse last;
        *last.mutable_finished() = **answer;
        if (stream.Write(last)) return absl::OkStatus();
        return absl::CancelledError("the caller has gone");
      },
      RequestIdOf(*call, request->request()));
}

absl::StatusOr<RequestLedger::Response> OrchestratorServiceAdapter::Answer(
    const inference::RequestContext& caller, const v1::ReasonRequest& request,
    StepListener& listener) {
  absl::StatusOr<Question> question = ReadQuestion(request, options_.rules);
  if (!question.ok()) {
    metrics_.RequestEnded("none", question.status());
    return question.status();
  }
  const std::string strategy = StrategyName(question->strategy);
  const absl::Time start = absl::Now();
  auto answer = Solve(caller, request, *std::move(question), listener);
  metrics_.RequestEnded(
      strategy, serving::WithLateness(answer.status(), start, caller.deadline,
                                      absl::Now()));
  return answer;
}

absl::StatusOr<RequestLedger::Response> OrchestratorServiceAdapter::Solve(
    const inference::RequestContext& caller, const v1::ReasonRequest& request,
    Question question, StepListener& listener) {
  const bool has_id = !question.request_id.empty();
  if (!has_id) question.request_id = caller.request_id;
  if (question.request_id.empty()) question.request_id = NewRequestId();
  inference::RequestContext context = caller;
  context.request_id = question.request_id;
  context.deadline =
      std::min(caller.deadline, absl::Now() + options_.max_answer_time);
  const auto solve = [&]() -> absl::StatusOr<v1::ReasonResponse> {
    auto answer = solver_.Solve(context, question, listener);
    if (!answer.ok()) return answer.status();
    return ToProto(*answer, question.request_id, request.include_trace());
  };
  if (has_id) return ledger_.Answer(context, request, solve);
  auto response = solve();
  if (!response.ok()) return response.status();
  return std::make_shared<const v1::ReasonResponse>(*std::move(response));
}

}  // namespace stagebeam::orchestrator
