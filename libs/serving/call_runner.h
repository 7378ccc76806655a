#ifndef STAGEBEAM_LIBS_SERVING_CALL_RUNNER_H_
#define STAGEBEAM_LIBS_SERVING_CALL_RUNNER_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/inference/request_context.h"
#include "libs/serving/authenticator.h"
#include "libs/serving/call_ledger.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/serving/response_stream.h"
#include "libs/serving/worker_pool.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::serving {

// What a CallRunner allows.
struct CallRunnerOptions {
  // Calls that run at the same time.
  int max_concurrent_calls = 256;
  // The code of a call over that bound: RESOURCE_EXHAUSTED for a worker,
  // UNAVAILABLE for the public API.
  absl::StatusCode overload_code = absl::StatusCode::kResourceExhausted;
  // When a refused call is asked to try again (google.rpc.RetryInfo).
  absl::Duration overload_retry_delay = absl::Milliseconds(500);
  // Where calls become spans.
  tracing::Tracer tracer = {};
};

// Runs the blocking handlers of callback services on threads of its own.
//
// For every call it checks the bearer token, makes the RequestContext
// (deadline; a stop token that the caller's cancellation stops; a child span of
// the caller's traceparent, or of a new trace; a request id of at most 128
// printable characters, from the message or else from metadata "x-request-id"),
// runs the handler, counts stagebeam_rpc_requests_total{method,code},
// stagebeam_rpc_seconds{method} and stagebeam_rpc_in_flight_calls, logs errors,
// records a span, and turns the handler's absl::Status into a grpc::Status with
// details.
//
// Calls are refused at once where they are over the bound, and with UNAVAILABLE
// while the process drains. An exception from a handler ends that call with
// INTERNAL.
//
// A service method reads:
//
//   grpc::ServerUnaryReactor* ComparePairs(grpc::CallbackServerContext* call,
//       const ComparePairsRequest* request, ComparePairsResponse* response)
//       override {
//     return calls_.Unary(call,
//     "/stagebeam.judge.v1.JudgeService/ComparePairs",
//         [this, request, response](const inference::RequestContext& context) {
//           return Compare(context, *request, *response);
//         });
//   }
//
// Thread-safe. Must outlive the grpc::Server, and what it is given must outlive
// it; the destructor waits for running handlers.
class CallRunner {
 public:
  using UnaryHandler =
      std::function<absl::Status(const inference::RequestContext& context)>;
  // `stream` is valid until the handler returns.
  template <class Response>
  using StreamHandler =
      std::function<absl::Status(const inference::RequestContext& context,
                                 ResponseStream<Response>& stream)>;

  CallRunner(const CallRunnerOptions& options, Authenticator authenticator,
             Metrics& metrics, const Logger& logger);
  ~CallRunner();
  CallRunner(const CallRunner&) = delete;
  CallRunner& operator=(const CallRunner&) = delete;

  // Request and response stay valid while `handler` runs. `request_id`: the
  // message's, where it has one.
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* call,
                                  std::string_view method, UnaryHandler handler,
                                  std::string request_id = {});

  // As Unary, for a method that streams responses.
  template <class Response>
  grpc::ServerWriteReactor<Response>* ServerStream(
      grpc::CallbackServerContext* call, std::string_view method,
      StreamHandler<Response> handler, std::string request_id = {});

  // From now on new calls get UNAVAILABLE. Idempotent.
  void RefuseNewCalls();
  // Waits until no call runs. False where some still do at `deadline`.
  bool WaitUntilIdle(absl::Time deadline);
  // Tells all running handlers that nobody waits for them.
  void CancelRunningCalls();
  // Calls that run now.
  int running_calls() const;

 private:
  // Runs `work` on the pool, or says why not.
  absl::Status Admit(const CallScope& scope, std::function<void()> work);

  const CallRunnerOptions options_;
  const Authenticator authenticator_;
  CallLedger ledger_;
  WorkerPool pool_;
};

template <class Response>
grpc::ServerWriteReactor<Response>* CallRunner::ServerStream(
    grpc::CallbackServerContext* call, std::string_view method,
    StreamHandler<Response> handler, std::string request_id) {
  auto* reactor = new StreamReactor<Response>(
      ledger_.Open(*call, method, std::move(request_id)));
  absl::Status admitted =
      Admit(reactor->scope(), [reactor, handler = std::move(handler)] {
        reactor->Conclude(reactor->scope().Run(
            [&] { return handler(reactor->scope().context(), *reactor); }));
      });
  if (!admitted.ok()) reactor->Conclude(admitted);
  return reactor;
}

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_CALL_RUNNER_H_
