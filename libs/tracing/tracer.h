#ifndef STAGEBEAM_LIBS_TRACING_TRACER_H_
#define STAGEBEAM_LIBS_TRACING_TRACER_H_

#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/tracing/span.h"
#include "libs/tracing/span_record.h"

namespace stagebeam::tracing {

// Starts the spans of a process. A trace is recorded whole or not at all:
// whoever begins it decides, and everybody else heeds the "sampled" flag of the
// traceparent.
//
// A handle; copies are the same tracer. Thread-safe.
class Tracer {
 public:
  // Records nothing.
  Tracer() = default;
  // Records into `sink`, which must outlive every span. `sample_ratio`: share
  // of the traces that begin here, [0, 1].
  Tracer(SpanSink& sink, double sample_ratio)
      : sink_(&sink), sample_ratio_(sample_ratio) {}

  // The span of a call that this process answers: a child of the caller's span,
  // or the first of a new trace where the header is none. Its traceparent is of
  // its own even where it does not record, so that logs tell calls apart.
  Span Serve(std::string_view name, std::string_view traceparent) const;

  // A span within the trace of `traceparent`. Does not record, and passes the
  // header on as it is, where the trace is not sampled or there is none.
  Span Start(std::string_view name, std::string_view traceparent,
             absl::Time start = absl::Now()) const {
    return Continue(SpanKind::kInternal, name, traceparent, start);
  }
  // As Start, for a call of another process.
  Span Call(std::string_view name, std::string_view traceparent) const {
    return Continue(SpanKind::kClient, name, traceparent, absl::Now());
  }

 private:
  Span Continue(SpanKind kind, std::string_view name,
                std::string_view traceparent, absl::Time start) const;
  bool Samples(const TraceContext& trace) const;

  SpanSink* sink_ = nullptr;
  double sample_ratio_ = 0;
};

}  // namespace stagebeam::tracing

#endif  // STAGEBEAM_LIBS_TRACING_TRACER_H_
