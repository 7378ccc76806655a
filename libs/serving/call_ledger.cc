#include "libs/serving/call_ledger.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "libs/serving/lateness.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::serving {
namespace {

constexpr size_t kMaxRequestIdBytes = 128;

std::string MetadataValue(const grpc::CallbackServerContext& call,
                          const char* name) {
  const auto found = call.client_metadata().find(name);
  if (found == call.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

std::string RequestIdOf(std::string id) {
  const bool usable = id.size() <= kMaxRequestIdBytes &&
                      std::all_of(id.begin(), id.end(), [](unsigned char c) {
                        return absl::ascii_isprint(c);
                      });
  return usable ? std::move(id) : std::string();
}

// Methods travel as "/package.Service/Method", and spans go by the rest.
std::string_view SpanName(std::string_view method) {
  return method.substr(!method.empty() && method[0] == '/' ? 1 : 0);
}

absl::Time DeadlineOf(const grpc::CallbackServerContext& call) {
  const auto deadline = call.deadline();
  return deadline == std::chrono::system_clock::time_point::max()
             ? absl::InfiniteFuture()
             : absl::FromChrono(deadline);
}

// Errors that the caller or the load explains, and those that it doesn't.
LogLevel LevelOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return LogLevel::kDebug;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return LogLevel::kError;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return LogLevel::kWarning;
    default:
      return LogLevel::kInfo;
  }
}

std::string_view Std(absl::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

CallScope::CallScope(CallLedger& ledger,
                     const grpc::CallbackServerContext& call,
                     std::string_view method, std::string request_id)
    : ledger_(ledger),
      method_(method),
      arrival_(absl::Now()),
      authorization_(MetadataValue(call, "authorization")),
      span_(ledger.tracer_.Serve(SpanName(method),
                                 MetadataValue(call, "traceparent"))) {
  context_.deadline = DeadlineOf(call);
  context_.cancellation = stop_.get_token();
  context_.traceparent = span_.traceparent();
  context_.request_id = RequestIdOf(std::move(request_id));
  if (context_.request_id.empty())
    context_.request_id = RequestIdOf(MetadataValue(call, "x-request-id"));
}

CallScope::~CallScope() { ledger_.Remove(this); }

absl::Status CallScope::Run(
    const std::function<absl::Status()>& handler) const {
  try {
    return handler();
  } catch (const std::exception& exception) {
    ledger_.logger_.Log(LogLevel::kError, context_, "handler threw",
                        {{"method", method_}, {"what", exception.what()}});
  } catch (...) {
    ledger_.logger_.Log(LogLevel::kError, context_, "handler threw",
                        {{"method", method_}});
  }
  return absl::InternalError("the handler failed; the server's log says how");
}

grpc::Status CallScope::Close(const absl::Status& status) {
  ledger_.Close(*this, status);
  EndSpan(status);
  return ToGrpcStatus(status);
}

void CallScope::EndSpan(const absl::Status& status) {
  const std::string_view name = SpanName(method_);
  const size_t slash = name.find('/');
  span_.Set("rpc.system", "grpc");
  span_.Set("rpc.service", name.substr(0, slash));
  if (slash != std::string_view::npos)
    span_.Set("rpc.method", name.substr(slash + 1));
  span_.Set("rpc.grpc.status_code", static_cast<int>(status.code()));
  if (!context_.request_id.empty())
    span_.Set("stagebeam.request_id", context_.request_id);
  span_.SetStatus(status);
  span_.End();
}

CallLedger::CallLedger(Metrics& metrics, const Logger& logger,
                       tracing::Tracer tracer)
    : metrics_(metrics),
      logger_(logger),
      tracer_(tracer),
      in_flight_(metrics.AddGauge("stagebeam_rpc_in_flight_calls",
                                  "Calls that run now.")) {}

std::unique_ptr<CallScope> CallLedger::Open(
    const grpc::CallbackServerContext& call, std::string_view method,
    std::string request_id) {
  std::unique_ptr<CallScope> scope(
      new CallScope(*this, call, method, std::move(request_id)));
  absl::MutexLock lock(&mutex_);
  open_.insert(scope.get());
  in_flight_.Set(static_cast<double>(open_.size()));
  return scope;
}

void CallLedger::Remove(CallScope* scope) {
  absl::MutexLock lock(&mutex_);
  open_.erase(scope);
  in_flight_.Set(static_cast<double>(open_.size()));
}

void CallLedger::Close(const CallScope& scope, const absl::Status& end) {
  const absl::Time now = absl::Now();
  const absl::Duration time = now - scope.arrival_;
  const absl::Status status =
      WithLateness(end, scope.arrival_, scope.context().deadline, now);
  const std::string code = absl::StatusCodeToString(status.code());
  metrics_
      .AddCounter("stagebeam_rpc_requests_total",
                  "Calls that ended, by method and code.",
                  {{"method", scope.method_}, {"code", code}})
      .Increment();
  metrics_
      .AddHistogram("stagebeam_rpc_seconds",
                    "Time from a call's arrival to its status.", CallSeconds(),
                    {{"method", scope.method_}})
      .Observe(absl::ToDoubleSeconds(time));
  logger_.Log(LevelOf(status.code()), scope.context(), "call ended",
              {{"method", scope.method_},
               {"code", code},
               {"seconds", time},
               {"error", Std(status.message())}});
}

void CallLedger::Refuse() {
  absl::MutexLock lock(&mutex_);
  refusing_ = true;
}

bool CallLedger::refusing() const {
  absl::MutexLock lock(&mutex_);
  return refusing_;
}

bool CallLedger::WaitUntilEmpty(absl::Time deadline) {
  const auto empty = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return open_.empty();
  };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(&empty), deadline);
}

void CallLedger::CancelAll() {
  absl::MutexLock lock(&mutex_);
  for (CallScope* scope : open_) scope->Cancel();
}

int CallLedger::open_calls() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(open_.size());
}

}  // namespace stagebeam::serving
