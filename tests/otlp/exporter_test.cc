#include "libs/otlp/exporter.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/otlp/collector.h"

namespace stagebeam::otlp {
namespace {

using testing::CollectedSpan;
using testing::Collector;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;
using testing::NumberOf;
using testing::TextOf;

tracing::SpanRecord SpanNumbered(int number) {
  tracing::SpanRecord span;
  span.context = tracing::NewTrace();
  span.name = "sample";
  span.start = absl::FromUnixSeconds(1000);
  span.end = span.start + absl::Milliseconds(5);
  span.attributes = {{"number", int64_t{number}}};
  return span;
}

void TakeSpans(Exporter& exporter, int count) {
  for (int i = 0; i < count; ++i) exporter.Take(SpanNumbered(i));
}

// Metrics and log of one exporter.
class ExporterTest : public ::testing::Test {
 protected:
  std::unique_ptr<Exporter> NewExporter(ExporterOptions options) {
    return std::make_unique<Exporter>(std::move(options), metrics_, logger_);
  }

  double Count(const std::string& outcome) {
    return metrics_
        .AddCounter("stagebeam_spans_total", "", {{"outcome", outcome}})
        .Value();
  }
  int LinesWith(const std::string& message) {
    absl::MutexLock lock(&mutex_);
    return Count(message, lines_);
  }
  void AwaitLine(const std::string& message) {
    absl::MutexLock lock(&mutex_);
    const auto logged = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return Count(message, lines_) > 0;
    };
    mutex_.Await(absl::Condition(&logged));
  }

 private:
  static int Count(const std::string& message,
                   const std::vector<std::string>& lines) {
    return static_cast<int>(std::count_if(
        lines.begin(), lines.end(),
        [&](const auto& line) { return absl::StrContains(line, message); }));
  }

  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  serving::Metrics metrics_{"test"};
  const serving::Logger logger_{serving::LogLevel::kInfo,
                                [this](std::string_view line) {
                                  absl::MutexLock lock(&mutex_);
                                  lines_.emplace_back(line);
                                }};
};

TEST_F(ExporterTest, ASpanArrivesWithAllThatItHas) {
  const Collector collector;
  tracing::SpanRecord sent = SpanNumbered(7);
  sent.context = *tracing::ParseTraceparent(
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  sent.parent_span_id = "00f067aa0ba902b7";
  sent.kind = tracing::SpanKind::kServer;
  sent.attributes.push_back({"text", "caf\xc3\xa9 \xff"});
  sent.attributes.push_back({"share", 0.5});
  sent.attributes.push_back({"early", true});
  sent.status = absl::UnavailableError(std::string(5000, 'x'));
  NewExporter({.endpoint = collector.address(),
               .resource = {{"service.name", "stagebeam-test"}}})
      ->Take(sent);
  ASSERT_EQ(collector.spans().size(), 1u);
  const CollectedSpan got = collector.spans()[0];
  EXPECT_EQ(TextOf(got.resource.attributes(), "service.name"),
            "stagebeam-test");
  EXPECT_EQ(got.span.trace_id(), std::string("\x0a\xf7\x65\x19\x16\xcd\x43\xdd"
                                             "\x84\x48\xeb\x21\x1c\x80\x31\x9c",
                                             16));
  EXPECT_EQ(got.span.span_id(), "\xb7\xad\x6b\x71\x69\x20\x33\x31");
  EXPECT_EQ(got.span.parent_span_id(),
            std::string("\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8));
  EXPECT_EQ(got.span.flags(), 1u);
  EXPECT_EQ(got.span.name(), "sample");
  EXPECT_EQ(got.span.kind(),
            opentelemetry::proto::trace::v1::Span::SPAN_KIND_SERVER);
  EXPECT_EQ(got.span.start_time_unix_nano(), 1'000'000'000'000u);
  EXPECT_EQ(got.span.end_time_unix_nano(), 1'000'005'000'000u);
  EXPECT_EQ(NumberOf(got.span.attributes(), "number"), 7);
  EXPECT_EQ(TextOf(got.span.attributes(), "text"), "caf\xc3\xa9 \xef\xbf\xbd");
  EXPECT_EQ(got.span.attributes(2).value().double_value(), 0.5);
  EXPECT_TRUE(got.span.attributes(3).value().bool_value());
  EXPECT_EQ(got.span.status().code(),
            opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_EQ(got.span.status().message(), std::string(1024, 'x'));
}

TEST_F(ExporterTest, SpansGoInBatchesAndTheRestAtTheEnd) {
  const Collector collector;
  auto exporter = NewExporter({.endpoint = collector.address(),
                               .max_batch_spans = 100,
                               .longest_wait = absl::Hours(1)});
  TakeSpans(*exporter, 250);
  EXPECT_TRUE(collector.WaitUntil(
      [](const auto& spans) { return spans.size() >= 200; }));
  exporter.reset();
  const std::vector<CollectedSpan> spans = collector.spans();
  ASSERT_EQ(spans.size(), 250u);
  for (int i = 0; i < 250; ++i)
    EXPECT_EQ(NumberOf(spans[i].span.attributes(), "number"), i);
  EXPECT_THAT(collector.request_sizes(), Each(Le(100)));
  EXPECT_EQ(Count("exported"), 250);
  EXPECT_EQ(Count("dropped"), 0);
  EXPECT_EQ(Count("failed"), 0);
}

TEST_F(ExporterTest, ALonelySpanDoesNotWaitForABatch) {
  const Collector collector;
  const auto exporter = NewExporter({.endpoint = collector.address(),
                                     .longest_wait = absl::Milliseconds(10)});
  exporter->Take(SpanNumbered(0));
  EXPECT_TRUE(
      collector.WaitUntil([](const auto& spans) { return spans.size() == 1; }));
}

TEST_F(ExporterTest, ACollectorThatStallsCostsSpansAndNobodysTime) {
  absl::Notification stalls;
  absl::Notification goes_on;
  std::atomic<int> calls = 0;
  const Collector collector([&](const auto&, auto&) {
    if (calls++ == 0) {
      stalls.Notify();
      goes_on.WaitForNotification();
    }
    return grpc::Status::OK;
  });
  auto exporter = NewExporter({.endpoint = collector.address(),
                               .max_queued_spans = 10,
                               .max_batch_spans = 5,
                               .longest_wait = absl::Milliseconds(1),
                               .call_timeout = absl::Hours(1),
                               .shutdown_timeout = absl::Minutes(1)});
  exporter->Take(SpanNumbered(0));
  stalls.WaitForNotification();
  // With nobody to take them away, all but ten of these are dropped; had one
  // waited for the collector, the test would never end.
  TakeSpans(*exporter, 1000);
  EXPECT_EQ(Count("dropped"), 990);
  goes_on.Notify();
  exporter.reset();
  EXPECT_EQ(collector.spans().size(), 11u);
  EXPECT_EQ(Count("exported"), 11);
  EXPECT_EQ(Count("dropped"), 990);
}

TEST_F(ExporterTest, AStalledCollectorDoesNotHoldUpTheEnd) {
  absl::Notification stalls;
  absl::Notification over;
  const Collector collector([&](const auto&, auto&) {
    if (!stalls.HasBeenNotified()) stalls.Notify();
    over.WaitForNotification();
    return grpc::Status::OK;
  });
  auto exporter = NewExporter({.endpoint = collector.address(),
                               .max_batch_spans = 1,
                               .longest_wait = absl::Milliseconds(1),
                               .call_timeout = absl::Hours(1),
                               .shutdown_timeout = absl::Milliseconds(100)});
  TakeSpans(*exporter, 3);
  stalls.WaitForNotification();
  exporter.reset();
  over.Notify();
  EXPECT_EQ(Count("failed"), 3);
  EXPECT_EQ(Count("exported"), 0);
}

TEST_F(ExporterTest, WithoutACollectorSpansFailAndOneLineSaysSo) {
  std::string nowhere;
  {
    const Collector gone;
    nowhere = gone.address();
  }
  auto exporter = NewExporter({.endpoint = nowhere,
                               .max_batch_spans = 2,
                               .max_attempts = 2,
                               .first_backoff = absl::Milliseconds(1),
                               .shutdown_timeout = absl::Seconds(30)});
  TakeSpans(*exporter, 6);
  exporter.reset();
  EXPECT_EQ(Count("failed"), 6);
  EXPECT_EQ(LinesWith("spans cannot be exported"), 1);
  EXPECT_EQ(LinesWith(nowhere), 1);
}

TEST_F(ExporterTest, ACollectorThatIsBusyIsAskedAgain) {
  std::atomic<int> calls = 0;
  const Collector collector([&](const auto&, auto&) {
    return calls++ < 2 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy")
                       : grpc::Status::OK;
  });
  auto exporter = NewExporter({.endpoint = collector.address(),
                               .max_batch_spans = 5,
                               .first_backoff = absl::Milliseconds(1)});
  TakeSpans(*exporter, 5);
  EXPECT_TRUE(
      collector.WaitUntil([](const auto& spans) { return spans.size() == 5; }));
  exporter.reset();
  EXPECT_THAT(collector.request_sizes(), ElementsAre(5, 5, 5));
  EXPECT_EQ(Count("exported"), 5);
}

TEST_F(ExporterTest, ARefusalIsFinal) {
  const Collector collector([](const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no");
  });
  auto exporter = NewExporter({.endpoint = collector.address()});
  TakeSpans(*exporter, 5);
  exporter.reset();
  EXPECT_THAT(collector.request_sizes(), ElementsAre(5));
  EXPECT_EQ(Count("failed"), 5);
}

TEST_F(ExporterTest, SpansThatTheCollectorRejectsAreCountedAsFailed) {
  const Collector collector([](const auto&, Collector::Response& response) {
    response.mutable_partial_success()->set_rejected_spans(2);
    return grpc::Status::OK;
  });
  auto exporter = NewExporter({.endpoint = collector.address()});
  TakeSpans(*exporter, 5);
  exporter.reset();
  EXPECT_EQ(Count("failed"), 2);
  EXPECT_EQ(Count("exported"), 3);
}

TEST_F(ExporterTest, ACollectorThatComesBackIsNoticed) {
  std::atomic<bool> works = false;
  const Collector collector([&](const auto&, auto&) {
    return works ? grpc::Status::OK
                 : grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not yet");
  });
  auto exporter = NewExporter({.endpoint = collector.address(),
                               .max_batch_spans = 1,
                               .longest_wait = absl::Milliseconds(1)});
  TakeSpans(*exporter, 1);
  AwaitLine("spans cannot be exported");
  works = true;
  TakeSpans(*exporter, 2);
  exporter.reset();
  EXPECT_EQ(Count("exported"), 2);
  EXPECT_EQ(LinesWith("spans cannot be exported"), 1);
  EXPECT_EQ(LinesWith("spans are exported again"), 1);
}

}  // namespace
}  // namespace stagebeam::otlp
