#include "libs/tracing/tracer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/tracing/span_log.h"

namespace stagebeam::tracing {
namespace {

using testing::AttributeOf;
using testing::SpanLog;

constexpr char kSampled[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kNotSampled[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

TEST(Tracer, SpansThatEndReachTheSink) {
  SpanLog log;
  const Tracer tracer(log, 1);
  {
    Span span = tracer.Start("sample", kSampled);
    span.Set("text", "four");
    span.Set("count", 4);
    span.Set("share", 0.5);
    span.Set("early", true);
    EXPECT_TRUE(log.spans().empty());
  }
  const std::vector<SpanRecord> spans = log.spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].name, "sample");
  EXPECT_EQ(spans[0].kind, SpanKind::kInternal);
  EXPECT_EQ(spans[0].context.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(spans[0].parent_span_id, "b7ad6b7169203331");
  EXPECT_LE(spans[0].start, spans[0].end);
  EXPECT_TRUE(spans[0].status.ok());
  EXPECT_EQ(AttributeOf<std::string>(spans[0], "text"), "four");
  EXPECT_EQ(AttributeOf<int64_t>(spans[0], "count"), 4);
  EXPECT_EQ(AttributeOf<double>(spans[0], "share"), 0.5);
  EXPECT_EQ(AttributeOf<bool>(spans[0], "early"), true);
}

TEST(Tracer, ASpansTraceparentMakesItsChildren) {
  SpanLog log;
  const Tracer tracer(log, 1);
  Span parent = tracer.Serve("answer", kSampled);
  Span child = tracer.Call("attempt", parent.traceparent());
  child.End();
  parent.End();
  const std::vector<SpanRecord> spans = log.spans();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].kind, SpanKind::kClient);
  EXPECT_EQ(spans[1].kind, SpanKind::kServer);
  EXPECT_EQ(spans[0].parent_span_id, spans[1].context.span_id);
  EXPECT_EQ(spans[0].context.trace_id, spans[1].context.trace_id);
  EXPECT_TRUE(spans[0].context.sampled());
}

TEST(Tracer, ASpanEndsOnceAndAtTheTimeThatItIsTold) {
  SpanLog log;
  const Tracer tracer(log, 1);
  const absl::Time start = absl::FromUnixSeconds(1000);
  Span span = tracer.Start("queue", kSampled, start);
  span.SetStatus(absl::UnavailableError("gone"));
  span.End(start + absl::Seconds(3));
  span.End();
  span.Set("late", 1);
  Span moved = std::move(span);
  moved.End();
  const std::vector<SpanRecord> spans = log.spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].end - spans[0].start, absl::Seconds(3));
  EXPECT_EQ(spans[0].status, absl::UnavailableError("gone"));
  EXPECT_TRUE(spans[0].attributes.empty());
}

TEST(Tracer, AClockThatIsSetBackMakesNoNegativeTime) {
  SpanLog log;
  const absl::Time start = absl::FromUnixSeconds(1000);
  Tracer(log, 1).Start("queue", kSampled, start).End(start - absl::Seconds(1));
  EXPECT_EQ(log.spans().at(0).end, start);
}

TEST(Tracer, AnAssignedSpanEndsTheOneThatStoodThere) {
  SpanLog log;
  const Tracer tracer(log, 1);
  Span stage = tracer.Start("first", kSampled);
  stage = tracer.Start("second", kSampled);
  EXPECT_EQ(log.Named("first").size(), 1u);
  EXPECT_EQ(log.Named("second").size(), 0u);
  stage = Span();
  EXPECT_EQ(log.Named("second").size(), 1u);
}

TEST(Tracer, HeedsTheCallersDecisionWhateverItsOwnRatio) {
  SpanLog log;
  const Tracer none(log, 0);
  const Tracer all(log, 1);
  EXPECT_TRUE(none.Serve("answer", kSampled).recording());
  EXPECT_TRUE(none.Start("encode", kSampled).recording());
  EXPECT_FALSE(all.Serve("answer", kNotSampled).recording());
  EXPECT_FALSE(all.Start("encode", kNotSampled).recording());
}

TEST(Tracer, ATraceThatIsNotSampledGoesOnWithItsIdAndFlags) {
  SpanLog log;
  const Tracer tracer(log, 1);
  const Span served = tracer.Serve("answer", kNotSampled);
  const auto context = ParseTraceparent(served.traceparent());
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(context->span_id, "b7ad6b7169203331");
  EXPECT_FALSE(context->sampled());
  EXPECT_EQ(tracer.Call("attempt", kNotSampled).traceparent(), kNotSampled);
}

TEST(Tracer, OnlyCallsThatAreServedBeginTraces) {
  SpanLog log;
  const Tracer tracer(log, 1);
  EXPECT_FALSE(tracer.Start("encode", "").recording());
  EXPECT_EQ(tracer.Start("encode", "").traceparent(), "");
  Span first = tracer.Serve("answer", "nonsense");
  EXPECT_TRUE(first.recording());
  first.End();
  EXPECT_EQ(log.spans().at(0).parent_span_id, "");
  EXPECT_TRUE(ParseTraceparent(first.traceparent())->sampled());
}

TEST(Tracer, SamplesTheShareOfNewTracesThatItIsTold) {
  SpanLog log;
  const Tracer quarter(log, 0.25);
  int sampled = 0;
  for (int i = 0; i < 2000; ++i) {
    const Span span = quarter.Serve("answer", "");
    const bool flag = ParseTraceparent(span.traceparent())->sampled();
    EXPECT_EQ(flag, span.recording());
    sampled += flag ? 1 : 0;
  }
  // Six standard deviations.
  EXPECT_NEAR(sampled, 500, 116);
  EXPECT_EQ(log.spans().size(), static_cast<size_t>(sampled));
  EXPECT_FALSE(Tracer(log, 0).Serve("answer", "").recording());
  EXPECT_TRUE(Tracer(log, 1).Serve("answer", "").recording());
}

TEST(Tracer, OneThatIsOffRecordsNothingAndStillNamesCalls) {
  const Tracer off;
  const Span served = off.Serve("answer", kSampled);
  EXPECT_FALSE(served.recording());
  const auto context = ParseTraceparent(served.traceparent());
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_TRUE(ParseTraceparent(off.Serve("answer", "").traceparent()));
  EXPECT_EQ(off.Start("encode", kSampled).traceparent(), kSampled);
}

}  // namespace
}  // namespace stagebeam::tracing
