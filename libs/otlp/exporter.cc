#include "libs/otlp/exporter.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/otlp/span_conversion.h"
#include "libs/serving/grpc_process.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::otlp {
namespace {

serving::Counter SpanCounter(serving::Metrics& metrics, const char* outcome) {
  return metrics.AddCounter(
      "stagebeam_spans_total",
      "Spans that ended, by what became of them: exported; dropped, as too "
      "many waited; failed, as the collector refused or did not answer.",
      {{"outcome", outcome}});
}

std::shared_ptr<grpc::Channel> Connect(const std::string& endpoint) {
  serving::KeepGrpcRunning();
  grpc::ChannelArguments arguments;
  // The exporter retries; gRPC's own retries would multiply with it.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(),
                                   arguments);
}

// As the OTLP specification has it.
bool IsWorthRetrying(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return serving::RetryDelay(status).has_value();
    default:
      return false;
  }
}

}  // namespace

Exporter::Exporter(ExporterOptions options, serving::Metrics& metrics,
                   const serving::Logger& logger)
    : options_(std::move(options)),
      logger_(logger),
      exported_(SpanCounter(metrics, "exported")),
      dropped_(SpanCounter(metrics, "dropped")),
      failed_(SpanCounter(metrics, "failed")),
      stub_(TraceService::NewStub(Connect(options_.endpoint))),
      thread_([this] { SendLoop(); }) {}

Exporter::~Exporter() {
  const absl::Time give_up = absl::Now() + options_.shutdown_timeout;
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    give_up_ = give_up;
    changed_.SignalAll();
    const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return queue_.empty() && call_ == nullptr;
    };
    // A call that began before has a deadline of its own.
    if (!mutex_.AwaitWithDeadline(absl::Condition(&idle), give_up) &&
        call_ != nullptr) {
      call_->TryCancel();
    }
  }
  thread_.join();
}

void Exporter::Take(tracing::SpanRecord span) {
  {
    absl::MutexLock lock(&mutex_);
    if (queue_.size() < options_.max_queued_spans) {
      queue_.push_back(std::move(span));
      if (queue_.size() == options_.max_batch_spans) changed_.Signal();
      return;
    }
  }
  dropped_.Increment();
}

void Exporter::SendLoop() {
  while (true) {
    const std::vector<tracing::SpanRecord> spans = NextBatch();
    if (spans.empty()) return;
    Send(spans);
  }
}

std::vector<tracing::SpanRecord> Exporter::NextBatch() {
  absl::MutexLock lock(&mutex_);
  do {
    const absl::Time due = absl::Now() + options_.longest_wait;
    while (!closing_ && queue_.size() < options_.max_batch_spans &&
           !changed_.WaitWithDeadline(&mutex_, due)) {
    }
  } while (!closing_ && queue_.empty());
  const auto count = static_cast<std::ptrdiff_t>(
      std::min(queue_.size(), options_.max_batch_spans));
  const auto end = queue_.begin() + count;
  std::vector<tracing::SpanRecord> batch(
      std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void Exporter::Send(const std::vector<tracing::SpanRecord>& spans) {
  Request request;
  auto& process = *request.add_resource_spans();
  for (const tracing::Attribute& attribute : options_.resource)
    *process.mutable_resource()->add_attributes() = ToProto(attribute);
  auto& scope = *process.add_scope_spans();
  scope.mutable_scope()->set_name("stagebeam");
  for (const tracing::SpanRecord& span : spans)
    *scope.add_spans() = ToProto(span);
  Response response;
  const absl::Status status = SendPatiently(request, response);
  TellOf(status);
  const auto count = static_cast<double>(spans.size());
  const double refused =
      status.ok()
          ? std::clamp<double>(static_cast<double>(
                                   response.partial_success().rejected_spans()),
                               0, count)
          : count;
  failed_.Increment(refused);
  exported_.Increment(count - refused);
}

absl::Status Exporter::SendPatiently(const Request& request,
                                     Response& response) {
  absl::Duration pause = options_.first_backoff;
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = SendOnce(request, response);
    if (!IsWorthRetrying(status) || attempt >= options_.max_attempts ||
        !Pause(std::max(pause, serving::RetryDelay(status).value_or(pause)))) {
      return status;
    }
    pause *= 2;
  }
}

absl::Status Exporter::SendOnce(const Request& request, Response& response) {
  grpc::ClientContext call;
  {
    absl::MutexLock lock(&mutex_);
    call.set_deadline(absl::ToChronoTime(
        std::min(absl::Now() + options_.call_timeout, give_up_)));
    call_ = &call;
  }
  const grpc::Status status = stub_->Export(&call, request, &response);
  absl::MutexLock lock(&mutex_);
  call_ = nullptr;
  return serving::FromGrpcStatus(status);
}

bool Exporter::Pause(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  const absl::Time end = absl::Now() + pause;
  const auto closing = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return closing_;
  };
  // The end cuts a pause short.
  mutex_.AwaitWithDeadline(absl::Condition(&closing), end);
  return absl::Now() < give_up_;
}

void Exporter::TellOf(const absl::Status& status) {
  if (status.ok() == !failing_) return;
  failing_ = !status.ok();
  if (failing_) {
    const absl::string_view why = status.message();
    logger_.Warning("spans cannot be exported",
                    {{"endpoint", options_.endpoint},
                     {"code", absl::StatusCodeToString(status.code())},
                     {"error", std::string_view(why.data(), why.size())}});
  } else {
    logger_.Info("spans are exported again", {{"endpoint", options_.endpoint}});
  }
}

}  // namespace stagebeam::otlp
