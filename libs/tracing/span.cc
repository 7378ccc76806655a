#include "libs/tracing/span.h"

#include <algorithm>

namespace stagebeam::tracing {

Span::Span(SpanSink& sink, SpanRecord record)
    : traceparent_(FormatTraceparent(record.context)),
      sink_(&sink),
      record_(std::make_unique<SpanRecord>(std::move(record))) {}

Span& Span::operator=(Span&& other) noexcept {
  if (this == &other) return *this;
  End();
  traceparent_ = std::move(other.traceparent_);
  sink_ = other.sink_;
  record_ = std::move(other.record_);
  return *this;
}

void Span::Set(std::string_view name, std::string_view text) {
  if (recording()) Add(name, std::string(text));
}

void Span::Add(std::string_view name, Attribute::Value value) {
  if (!recording()) return;
  record_->attributes.push_back({std::string(name), std::move(value)});
}

void Span::SetStatus(const absl::Status& status) {
  if (recording()) record_->status = status;
}

void Span::End(absl::Time end) {
  if (!recording()) return;
  const std::unique_ptr<SpanRecord> record = std::move(record_);
  // A clock that was set back makes no negative times.
  record->end = std::max(record->start, end);
  sink_->Take(std::move(*record));
}

}  // namespace stagebeam::tracing
