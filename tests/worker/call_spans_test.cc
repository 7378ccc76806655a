#include "services/worker/call_spans.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/tracing/span_log.h"

namespace stagebeam::worker {
namespace {

using testing::AttributeOf;
using testing::SpanLog;
using tracing::SpanRecord;

constexpr char kCaller[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

engine::CallUsage SomeUsage() {
  engine::CallUsage usage;
  usage.prompt_token_count = 100;
  usage.reused_token_count = 60;
  usage.generated_token_count = 32;
  usage.queue_time = absl::Milliseconds(10);
  usage.prefill_time = absl::Milliseconds(200);
  usage.decode_time = absl::Seconds(3);
  return usage;
}

TEST(CallSpans, FollowOneAnotherUpToTheCallsEnd) {
  SpanLog log;
  const absl::Time end = absl::FromUnixSeconds(1000);
  RecordCall(tracing::Tracer(log, 1), kCaller, SomeUsage(), end);
  const std::vector<SpanRecord> spans = log.spans();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0].name, "queue");
  EXPECT_EQ(spans[0].end - spans[0].start, absl::Milliseconds(10));
  EXPECT_EQ(spans[1].name, "prefill");
  EXPECT_EQ(spans[1].start, spans[0].end);
  EXPECT_EQ(spans[1].end - spans[1].start, absl::Milliseconds(200));
  EXPECT_EQ(spans[2].name, "decode");
  EXPECT_EQ(spans[2].start, spans[1].end);
  EXPECT_EQ(spans[2].end - spans[2].start, absl::Seconds(3));
  EXPECT_EQ(spans[2].end, end);
  for (const SpanRecord& span : spans)
    EXPECT_EQ(span.parent_span_id, "b7ad6b7169203331");
  EXPECT_EQ(AttributeOf<int64_t>(spans[1], "stagebeam.prompt_tokens"), 100);
  EXPECT_EQ(AttributeOf<int64_t>(spans[1], "stagebeam.reused_tokens"), 60);
  EXPECT_EQ(AttributeOf<int64_t>(spans[2], "stagebeam.generated_tokens"), 32);
}

TEST(CallSpans, ACallThatOnlyScoresDecodesNothing) {
  SpanLog log;
  engine::CallUsage usage = SomeUsage();
  usage.generated_token_count = 0;
  usage.decode_time = absl::ZeroDuration();
  RecordCall(tracing::Tracer(log, 1), kCaller, usage, absl::Now());
  EXPECT_EQ(log.Named("prefill").size(), 1u);
  EXPECT_TRUE(log.Named("decode").empty());
}

TEST(CallSpans, ATraceThatIsNotSampledHasNone) {
  SpanLog log;
  const tracing::Tracer tracer(log, 1);
  RecordCall(tracer, "", SomeUsage(), absl::Now());
  RecordCall(tracer, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
             SomeUsage(), absl::Now());
  EXPECT_TRUE(log.spans().empty());
}

}  // namespace
}  // namespace stagebeam::worker
