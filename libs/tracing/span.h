#ifndef STAGEBEAM_LIBS_TRACING_SPAN_H_
#define STAGEBEAM_LIBS_TRACING_SPAN_H_

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/tracing/span_record.h"

namespace stagebeam::tracing {

// A piece of work that runs. It ends with this object, or before. One that does
// not record costs no more than its traceparent.
//
// Used by one thread at a time.
class Span {
 public:
  // Does not record, and belongs to no trace.
  Span() = default;
  // Does not record; what it calls belongs to `traceparent`.
  explicit Span(std::string traceparent)
      : traceparent_(std::move(traceparent)) {}
  // Records; `sink` must outlive it.
  Span(SpanSink& sink, SpanRecord record);
  Span(Span&&) noexcept = default;
  // Ends the span that stood here.
  Span& operator=(Span&& other) noexcept;
  ~Span() { End(); }

  bool recording() const { return record_ != nullptr; }
  // W3C header for what this span calls; its own where it records, else its
  // parent's. Stays after the end.
  const std::string& traceparent() const { return traceparent_; }

  // Adds an attribute. Nothing happens where the span does not record.
  void Set(std::string_view name, std::string_view text);
  void Set(std::string_view name, const std::string& text) {
    Set(name, std::string_view(text));
  }
  void Set(std::string_view name, const char* text) {
    Set(name, std::string_view(text));
  }
  void Set(std::string_view name, bool truth) { Add(name, truth); }
  void Set(std::string_view name, std::integral auto number) {
    Add(name, static_cast<int64_t>(number));
  }
  void Set(std::string_view name, std::floating_point auto number) {
    Add(name, static_cast<double>(number));
  }
  // How the work went; OK where it is never told.
  void SetStatus(const absl::Status& status);

  // Hands the span to its sink, once; later calls do nothing.
  void End() {
    if (recording()) End(absl::Now());
  }
  void End(absl::Time end);

 private:
  void Add(std::string_view name, Attribute::Value value);

  std::string traceparent_;
  SpanSink* sink_ = nullptr;
  // Null where it does not record, or has ended.
  std::unique_ptr<SpanRecord> record_;
};

}  // namespace stagebeam::tracing

#endif  // STAGEBEAM_LIBS_TRACING_SPAN_H_
