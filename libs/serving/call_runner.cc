#include "libs/serving/call_runner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::serving {
namespace {

// gRPC's side of a unary call. Deletes itself when the call is done.
class UnaryReactor final : public grpc::ServerUnaryReactor {
 public:
  explicit UnaryReactor(std::unique_ptr<CallScope> scope)
      : scope_(std::move(scope)) {}

  CallScope& scope() { return *scope_; }
  // Ends the call. Nothing of the reactor may be used afterwards.
  void Conclude(const absl::Status& status) { Finish(scope_->Close(status)); }

  void OnCancel() override { scope_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  const std::unique_ptr<CallScope> scope_;
};

}  // namespace

CallRunner::CallRunner(const CallRunnerOptions& options,
                       Authenticator authenticator, Metrics& metrics,
                       const Logger& logger)
    : options_(options),
      authenticator_(std::move(authenticator)),
      ledger_(metrics, logger, options.tracer),
      pool_(options.max_concurrent_calls) {}

CallRunner::~CallRunner() = default;

grpc::ServerUnaryReactor* CallRunner::Unary(grpc::CallbackServerContext* call,
                                            std::string_view method,
                                            UnaryHandler handler,
                                            std::string request_id) {
  auto* reactor =
      new UnaryReactor(ledger_.Open(*call, method, std::move(request_id)));
  const absl::Status admitted =
      Admit(reactor->scope(), [reactor, handler = std::move(handler)] {
        reactor->Conclude(reactor->scope().Run(
            [&] { return handler(reactor->scope().context()); }));
      });
  if (!admitted.ok()) reactor->Conclude(admitted);
  return reactor;
}

absl::Status CallRunner::Admit(const CallScope& scope,
                               std::function<void()> work) {
  const absl::Duration delay = options_.overload_retry_delay;
  if (absl::Status known = authenticator_.Check(scope.authorization());
      !known.ok()) {
    return known;
  }
  if (ledger_.refusing()) {
    return RetryAfter(absl::UnavailableError("the server is shutting down"),
                      delay);
  }
  if (pool_.TryRun(std::move(work))) return absl::OkStatus();
  return RetryAfter(
      absl::Status(options_.overload_code,
                   absl::StrCat("the server runs its most calls, ",
                                options_.max_concurrent_calls)),
      delay);
}

void CallRunner::RefuseNewCalls() { ledger_.Refuse(); }

bool CallRunner::WaitUntilIdle(absl::Time deadline) {
  return ledger_.WaitUntilEmpty(deadline);
}

void CallRunner::CancelRunningCalls() { ledger_.CancelAll(); }

int CallRunner::running_calls() const { return ledger_.open_calls(); }

}  // namespace stagebeam::serving
