#ifndef STAGEBEAM_LIBS_OTLP_EXPORTER_H_
#define STAGEBEAM_LIBS_OTLP_EXPORTER_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/span_record.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace stagebeam::otlp {

struct ExporterOptions {
  // The collector: "host:port" or "unix:/path". Plain text.
  std::string endpoint;
  // What all spans have in common: "service.name" and the like.
  std::vector<tracing::Attribute> resource = {};
  // Spans that wait; one more is dropped.
  size_t max_queued_spans = 8192;
  // Spans of one call.
  size_t max_batch_spans = 512;
  // How long a span waits for others to go with it.
  absl::Duration longest_wait = absl::Seconds(1);
  // How long the collector may take to answer.
  absl::Duration call_timeout = absl::Seconds(5);
  // Calls for one batch, where the collector is out of reach or full; pauses
  // between them double.
  int max_attempts = 4;
  absl::Duration first_backoff = absl::Milliseconds(250);
  // How long the destructor goes on sending.
  absl::Duration shutdown_timeout = absl::Seconds(2);
};

// Sends spans to an OpenTelemetry collector by OTLP over gRPC, in batches and
// on a thread of its own. However the collector does, a span that ends costs
// the request a moment under a lock: what cannot be sent in time is dropped.
//
// Counts what became of each as stagebeam_spans_total{outcome}: exported;
// dropped, as the queue was full; failed, as the collector refused it or did
// not answer. Logs when exporting begins to fail, and when it works again.
//
// Thread-safe.
class Exporter final : public tracing::SpanSink {
 public:
  // Connects on the first span. Both must outlive it.
  Exporter(ExporterOptions options, serving::Metrics& metrics,
           const serving::Logger& logger);
  // Sends what waits, within shutdown_timeout.
  ~Exporter() override;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  void Take(tracing::SpanRecord span) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Request =
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
  using Response =
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
  using TraceService = opentelemetry::proto::collector::trace::v1::TraceService;

  void SendLoop();
  // Waits for spans that it is time to send; none once all is sent at the end.
  std::vector<tracing::SpanRecord> NextBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  void Send(const std::vector<tracing::SpanRecord>& spans);
  absl::Status SendPatiently(const Request& request, Response& response);
  absl::Status SendOnce(const Request& request, Response& response)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits between attempts. False where time is up.
  bool Pause(absl::Duration pause) ABSL_LOCKS_EXCLUDED(mutex_);
  void TellOf(const absl::Status& status);

  const ExporterOptions options_;
  const serving::Logger& logger_;
  const serving::Counter exported_;
  const serving::Counter dropped_;
  const serving::Counter failed_;
  const std::unique_ptr<TraceService::Stub> stub_;
  absl::Mutex mutex_;
  // A batch is full, or the end has come.
  absl::CondVar changed_;
  std::deque<tracing::SpanRecord> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  // When sending stops; infinite until the end has come.
  absl::Time give_up_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  // The call that runs now; null where none does.
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  // Of the sending thread.
  bool failing_ = false;
  // Last: it uses all the others.
  std::thread thread_;
};

}  // namespace stagebeam::otlp

#endif  // STAGEBEAM_LIBS_OTLP_EXPORTER_H_
