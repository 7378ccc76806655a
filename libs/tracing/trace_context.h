#ifndef STAGEBEAM_LIBS_TRACING_TRACE_CONTEXT_H_
#define STAGEBEAM_LIBS_TRACING_TRACE_CONTEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// W3C Trace Context (https://www.w3.org/TR/trace-context/), level 1.
namespace stagebeam::tracing {

// The bit of TraceContext::flags that says: this trace is recorded.
inline constexpr uint8_t kSampledFlag = 1;

// One span of a distributed trace.
struct TraceContext {
  // 32 lower-case hex digits, not all zero.
  std::string trace_id;
  // 16 lower-case hex digits, not all zero.
  std::string span_id;
  // The flags byte.
  uint8_t flags = 0;

  bool sampled() const { return (flags & kSampledFlag) != 0; }

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// Reads a traceparent header: "00-<trace id>-<span id>-<flags>". Later versions
// are read as far as version 0 goes. None where anything is off.
std::optional<TraceContext> ParseTraceparent(std::string_view header);

// Writes the header, version 0.
std::string FormatTraceparent(const TraceContext& context);

// A new trace with one span.
TraceContext NewTrace();

// A new span of the same trace.
TraceContext ChildSpan(const TraceContext& parent);

}  // namespace stagebeam::tracing

#endif  // STAGEBEAM_LIBS_TRACING_TRACE_CONTEXT_H_
