#include "libs/tracing/tracer.h"

#include <cmath>
#include <cstdint>
#include <optional>

namespace stagebeam::tracing {
namespace {

// A number in [0, 1) out of the last digits of a trace id, which are random
// whoever made it: 53 bits, as many as a double holds.
double Draw(const TraceContext& trace) {
  constexpr size_t kDigits = 14;
  const std::string digits =
      trace.trace_id.substr(trace.trace_id.size() - kDigits);
  const uint64_t number = std::stoull(digits, nullptr, 16);
  return std::ldexp(static_cast<double>(number >> 3), -53);
}

}  // namespace

bool Tracer::Samples(const TraceContext& trace) const {
  return sink_ != nullptr && Draw(trace) < sample_ratio_;
}

Span Tracer::Serve(std::string_view name, std::string_view traceparent) const {
  const std::optional<TraceContext> caller = ParseTraceparent(traceparent);
  SpanRecord record;
  if (caller) {
    record.context = ChildSpan(*caller);
    record.parent_span_id = caller->span_id;
  } else {
    record.context = NewTrace();
    if (Samples(record.context)) record.context.flags |= kSampledFlag;
  }
  if (sink_ == nullptr || !record.context.sampled())
    return Span(FormatTraceparent(record.context));
  record.name = name;
  record.kind = SpanKind::kServer;
  record.start = absl::Now();
  return Span(*sink_, std::move(record));
}

Span Tracer::Continue(SpanKind kind, std::string_view name,
                      std::string_view traceparent, absl::Time start) const {
  if (sink_ == nullptr) return Span(std::string(traceparent));
  const std::optional<TraceContext> parent = ParseTraceparent(traceparent);
  if (!parent || !parent->sampled()) return Span(std::string(traceparent));
  SpanRecord record;
  record.context = ChildSpan(*parent);
  record.parent_span_id = parent->span_id;
  record.name = name;
  record.kind = kind;
  record.start = start;
  return Span(*sink_, std::move(record));
}

}  // namespace stagebeam::tracing
