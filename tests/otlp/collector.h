#ifndef STAGEBEAM_TESTS_OTLP_COLLECTOR_H_
#define STAGEBEAM_TESTS_OTLP_COLLECTOR_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace stagebeam::testing {

// A span as it arrived, and the process that it came from.
struct CollectedSpan {
  opentelemetry::proto::trace::v1::Span span;
  opentelemetry::proto::resource::v1::Resource resource;
};

using Attributes = google::protobuf::RepeatedPtrField<
    opentelemetry::proto::common::v1::KeyValue>;
// Value of an attribute; nothing where there is none of that name.
std::optional<std::string> TextOf(const Attributes& attributes,
                                  std::string_view name);
std::optional<int64_t> NumberOf(const Attributes& attributes,
                                std::string_view name);

// A real OTLP collector on a port of 127.0.0.1. Thread-safe.
class Collector final
    : public opentelemetry::proto::collector::trace::v1::TraceService::Service {
 public:
  using Request =
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
  using Response =
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
  // What becomes of a request; spans of one that is not OK are not kept.
  using Answer = std::function<grpc::Status(const Request&, Response&)>;

  // `answer` empty: takes everything. `port` 0: any free one.
  explicit Collector(Answer answer = {}, int port = 0);
  ~Collector() override;

  const std::string& address() const { return address_; }
  // Spans that were taken, in order of arrival.
  std::vector<CollectedSpan> spans() const;
  // Spans of each request, in order of arrival.
  std::vector<int> request_sizes() const;
  // Waits until `enough` holds for the spans that were taken; false where it
  // does not before `patience` ends.
  bool WaitUntil(
      const std::function<bool(const std::vector<CollectedSpan>&)>& enough,
      absl::Duration patience = absl::Seconds(30)) const;

 private:
  grpc::Status Export(grpc::ServerContext* context, const Request* request,
                      Response* response) override;

  const Answer answer_;
  std::string address_;
  mutable absl::Mutex mutex_;
  std::vector<CollectedSpan> spans_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> request_sizes_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_OTLP_COLLECTOR_H_
