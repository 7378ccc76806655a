#include "tests/otlp/collector.h"

#include <chrono>
#include <utility>

#include "gtest/gtest.h"

namespace stagebeam::testing {
namespace {

const opentelemetry::proto::common::v1::AnyValue* Find(
    const Attributes& attributes, std::string_view name) {
  for (const auto& attribute : attributes) {
    if (attribute.key() == name) return &attribute.value();
  }
  return nullptr;
}

std::vector<CollectedSpan> SpansOf(const Collector::Request& request) {
  std::vector<CollectedSpan> spans;
  for (const auto& process : request.resource_spans()) {
    for (const auto& scope : process.scope_spans()) {
      for (const auto& span : scope.spans())
        spans.push_back({span, process.resource()});
    }
  }
  return spans;
}

}  // namespace

std::optional<std::string> TextOf(const Attributes& attributes,
                                  std::string_view name) {
  const auto* value = Find(attributes, name);
  if (value == nullptr || !value->has_string_value()) return std::nullopt;
  return value->string_value();
}

std::optional<int64_t> NumberOf(const Attributes& attributes,
                                std::string_view name) {
  const auto* value = Find(attributes, name);
  if (value == nullptr || !value->has_int_value()) return std::nullopt;
  return value->int_value();
}

Collector::Collector(Answer answer, int port) : answer_(std::move(answer)) {
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
  address_ = "127.0.0.1:" + std::to_string(port);
}

Collector::~Collector() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

std::vector<CollectedSpan> Collector::spans() const {
  absl::MutexLock lock(&mutex_);
  return spans_;
}

std::vector<int> Collector::request_sizes() const {
  absl::MutexLock lock(&mutex_);
  return request_sizes_;
}

bool Collector::WaitUntil(
    const std::function<bool(const std::vector<CollectedSpan>&)>& enough,
    absl::Duration patience) const {
  const auto holds = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return enough(spans_);
  };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&holds), patience);
}

grpc::Status Collector::Export(grpc::ServerContext* context,
                               const Request* request, Response* response) {
  std::vector<CollectedSpan> spans = SpansOf(*request);
  {
    absl::MutexLock lock(&mutex_);
    request_sizes_.push_back(static_cast<int>(spans.size()));
  }
  if (answer_) {
    grpc::Status status = answer_(*request, *response);
    if (!status.ok()) return status;
  }
  absl::MutexLock lock(&mutex_);
  for (CollectedSpan& span : spans) spans_.push_back(std::move(span));
  return grpc::Status::OK;
}

}  // namespace stagebeam::testing
