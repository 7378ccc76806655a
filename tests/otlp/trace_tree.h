#ifndef STAGEBEAM_TESTS_OTLP_TRACE_TREE_H_
#define STAGEBEAM_TESTS_OTLP_TRACE_TREE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tests/otlp/collector.h"

namespace stagebeam::testing {

// The spans of one trace, by who called whom. Refers to what it was made of.
class TraceTree {
 public:
  // The spans of `trace_id`, 16 bytes.
  TraceTree(const std::vector<CollectedSpan>& spans, std::string_view trace_id);

  size_t size() const { return by_id_.size(); }
  // Spans whose parent is not in the trace.
  std::vector<const CollectedSpan*> roots() const;
  // Nothing for a root.
  const CollectedSpan* ParentOf(const CollectedSpan& span) const;
  std::vector<const CollectedSpan*> ChildrenOf(const CollectedSpan& span) const;
  std::vector<const CollectedSpan*> all() const;
  // In the order of their starts.
  std::vector<const CollectedSpan*> Named(std::string_view name) const;
  // `span` and what is below it, as far as it has this name.
  std::vector<const CollectedSpan*> NamedBelow(const CollectedSpan& span,
                                               std::string_view name) const;
  // One span a line, indented, with process and milliseconds; for failures.
  std::string Text() const;

 private:
  void Print(const CollectedSpan& span, int depth, std::string& text) const;

  std::map<std::string, const CollectedSpan*> by_id_;
};

bool IsOk(const CollectedSpan& span);
absl::Duration TimeOf(const CollectedSpan& span);
// Of spans that ended well; spans without the attribute count as 0.
int64_t SumOf(const std::vector<const CollectedSpan*>& spans,
              std::string_view attribute);
absl::Duration TimeOf(const std::vector<const CollectedSpan*>& spans);

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_OTLP_TRACE_TREE_H_
