#include "libs/otlp/process_tracing.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/otlp/collector.h"

namespace stagebeam::otlp {
namespace {

using testing::Collector;
using testing::NumberOf;
using testing::TextOf;

TEST(ProcessTracing, WithoutACollectorItIsOff) {
  serving::Metrics metrics("test");
  const serving::Logger logger(serving::LogLevel::kError);
  const ProcessTracing tracing({}, "generator", metrics, logger);
  EXPECT_FALSE(tracing.tracer().Serve("answer", "").recording());
  EXPECT_EQ(metrics.Text().find("stagebeam_spans_total"), std::string::npos);
}

TEST(ProcessTracing, SpansSayWhichProcessTheyComeFrom) {
  const Collector collector;
  serving::Metrics metrics("test");
  const serving::Logger logger(serving::LogLevel::kError);
  serving::ServerOptions options;
  options.otlp_endpoint = collector.address();
  {
    const ProcessTracing tracing(options, "generator", metrics, logger);
    const tracing::Span span = tracing.tracer().Serve("answer", "");
    EXPECT_TRUE(span.recording());
  }
  const std::vector<testing::CollectedSpan> spans = collector.spans();
  ASSERT_EQ(spans.size(), 1u);
  const auto& attributes = spans[0].resource.attributes();
  EXPECT_EQ(TextOf(attributes, "service.name"), "stagebeam-generator");
  EXPECT_EQ(NumberOf(attributes, "process.pid"), getpid());
  EXPECT_TRUE(TextOf(attributes, "host.name").has_value());
}

TEST(ProcessTracing, RecordsTheShareOfNewTracesThatTheFlagSays) {
  const Collector collector;
  serving::Metrics metrics("test");
  const serving::Logger logger(serving::LogLevel::kError);
  serving::ServerOptions options;
  options.otlp_endpoint = collector.address();
  options.trace_sample_ratio = 0;
  const ProcessTracing tracing(options, "generator", metrics, logger);
  EXPECT_FALSE(tracing.tracer().Serve("answer", "").recording());
}

}  // namespace
}  // namespace stagebeam::otlp
