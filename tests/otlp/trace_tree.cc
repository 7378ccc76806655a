#include "tests/otlp/trace_tree.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace stagebeam::testing {
namespace {

using opentelemetry::proto::trace::v1::Status;

}  // namespace

TraceTree::TraceTree(const std::vector<CollectedSpan>& spans,
                     std::string_view trace_id) {
  for (const CollectedSpan& span : spans) {
    if (span.span.trace_id() == trace_id) by_id_[span.span.span_id()] = &span;
  }
}

std::vector<const CollectedSpan*> TraceTree::all() const {
  std::vector<const CollectedSpan*> spans;
  for (const auto& [id, span] : by_id_) spans.push_back(span);
  std::stable_sort(
      spans.begin(), spans.end(), [](const auto* a, const auto* b) {
        return a->span.start_time_unix_nano() < b->span.start_time_unix_nano();
      });
  return spans;
}

const CollectedSpan* TraceTree::ParentOf(const CollectedSpan& span) const {
  const auto found = by_id_.find(span.span.parent_span_id());
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<const CollectedSpan*> TraceTree::roots() const {
  std::vector<const CollectedSpan*> spans = all();
  std::erase_if(spans, [&](const auto* s) { return ParentOf(*s) != nullptr; });
  return spans;
}

std::vector<const CollectedSpan*> TraceTree::ChildrenOf(
    const CollectedSpan& span) const {
  std::vector<const CollectedSpan*> spans = all();
  std::erase_if(spans, [&](const auto* s) {
    return s->span.parent_span_id() != span.span.span_id();
  });
  return spans;
}

std::vector<const CollectedSpan*> TraceTree::Named(
    std::string_view name) const {
  std::vector<const CollectedSpan*> spans = all();
  std::erase_if(spans, [&](const auto* s) { return s->span.name() != name; });
  return spans;
}

std::vector<const CollectedSpan*> TraceTree::NamedBelow(
    const CollectedSpan& span, std::string_view name) const {
  std::vector<const CollectedSpan*> spans;
  if (span.span.name() == name) spans.push_back(&span);
  for (const CollectedSpan* child : ChildrenOf(span)) {
    for (const CollectedSpan* below : NamedBelow(*child, name))
      spans.push_back(below);
  }
  return spans;
}

void TraceTree::Print(const CollectedSpan& span, int depth,
                      std::string& text) const {
  absl::StrAppend(
      &text, std::string(static_cast<size_t>(2 * depth), ' '), span.span.name(),
      " (", TextOf(span.resource.attributes(), "service.name").value_or("?"),
      ") ", absl::ToDoubleMilliseconds(TimeOf(span)), " ms ",
      IsOk(span) ? "" : span.span.status().message(), "\n");
  for (const CollectedSpan* child : ChildrenOf(span))
    Print(*child, depth + 1, text);
}

std::string TraceTree::Text() const {
  std::string text;
  for (const CollectedSpan* root : roots()) Print(*root, 0, text);
  return text;
}

bool IsOk(const CollectedSpan& span) {
  return span.span.status().code() != Status::STATUS_CODE_ERROR;
}

absl::Duration TimeOf(const CollectedSpan& span) {
  return absl::Nanoseconds(
      static_cast<int64_t>(span.span.end_time_unix_nano()) -
      static_cast<int64_t>(span.span.start_time_unix_nano()));
}

int64_t SumOf(const std::vector<const CollectedSpan*>& spans,
              std::string_view attribute) {
  int64_t sum = 0;
  for (const CollectedSpan* span : spans) {
    if (IsOk(*span))
      sum += NumberOf(span->span.attributes(), attribute).value_or(0);
  }
  return sum;
}

absl::Duration TimeOf(const std::vector<const CollectedSpan*>& spans) {
  absl::Duration sum;
  for (const CollectedSpan* span : spans) sum += TimeOf(*span);
  return sum;
}

}  // namespace stagebeam::testing
