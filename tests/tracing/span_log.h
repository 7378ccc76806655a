#ifndef STAGEBEAM_TESTS_TRACING_SPAN_LOG_H_
#define STAGEBEAM_TESTS_TRACING_SPAN_LOG_H_

#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "libs/tracing/span_record.h"

namespace stagebeam::testing {

// Keeps the spans that end. Thread-safe.
class SpanLog final : public tracing::SpanSink {
 public:
  void Take(tracing::SpanRecord span) override {
    absl::MutexLock lock(&mutex_);
    spans_.push_back(std::move(span));
  }

  // In the order in which they ended.
  std::vector<tracing::SpanRecord> spans() const {
    absl::MutexLock lock(&mutex_);
    return spans_;
  }
  std::vector<tracing::SpanRecord> Named(std::string_view name) const {
    std::vector<tracing::SpanRecord> named;
    for (tracing::SpanRecord& span : spans()) {
      if (span.name == name) named.push_back(std::move(span));
    }
    return named;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<tracing::SpanRecord> spans_ ABSL_GUARDED_BY(mutex_);
};

// The value of an attribute; nothing where the span has none of that name.
template <class Value>
std::optional<Value> AttributeOf(const tracing::SpanRecord& span,
                                 std::string_view name) {
  for (const tracing::Attribute& attribute : span.attributes) {
    if (attribute.name == name) return std::get<Value>(attribute.value);
  }
  return std::nullopt;
}

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_TRACING_SPAN_LOG_H_
