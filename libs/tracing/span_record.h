#ifndef STAGEBEAM_LIBS_TRACING_SPAN_RECORD_H_
#define STAGEBEAM_LIBS_TRACING_SPAN_RECORD_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/tracing/trace_context.h"

namespace stagebeam::tracing {

// A named value of a span, or of the process that spans come from.
struct Attribute {
  using Value = std::variant<std::string, int64_t, double, bool>;

  std::string name;
  Value value;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

// Work within a process, the answer to a call, or a call.
enum class SpanKind { kInternal, kServer, kClient };

// A piece of work that has ended.
struct SpanRecord {
  TraceContext context;
  // 16 lower-case hex digits; empty for a trace's first span.
  std::string parent_span_id;
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  absl::Time start;
  absl::Time end;
  std::vector<Attribute> attributes;
  absl::Status status;
};

// Where spans go when they end.
//
// Thread-safe.
class SpanSink {
 public:
  virtual ~SpanSink() = default;

  // Called on the thread that does the work: returns at once, whatever becomes
  // of the span.
  virtual void Take(SpanRecord span) = 0;
};

}  // namespace stagebeam::tracing

#endif  // STAGEBEAM_LIBS_TRACING_SPAN_RECORD_H_
