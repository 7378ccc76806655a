#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "services/orchestrator/event_stream.h"
#include "services/orchestrator/solver.h"
#include "tests/orchestrator/scripted_workers.h"
#include "tests/tracing/span_log.h"

namespace stagebeam::orchestrator {
namespace {

using stagebeam::testing::AttributeOf;
using stagebeam::testing::SpanLog;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using tracing::SpanRecord;

constexpr char kCaller[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// A solver that records spans, over scripted workers and a scripted clock.
class SearchSpansTest : public ::testing::Test {
 protected:
  SearchSpansTest() { context_.traceparent = kCaller; }

  absl::StatusOr<Answer> Solve(const search::Strategy& strategy) {
    Question question;
    question.request_id = "r-1";
    question.image = "cat";
    question.strategy = strategy;
    NobodyListens nobody;
    return solver_.Solve(context_, question, nobody);
  }

  void MoveClock(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }
  absl::Time Now() {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  SpanRecord Only(const std::string& name) {
    const std::vector<SpanRecord> spans = log_.Named(name);
    EXPECT_THAT(spans, SizeIs(1)) << name;
    return spans.at(0);
  }
  absl::Duration TimeOf(const std::string& name) {
    absl::Duration time;
    for (const SpanRecord& span : log_.Named(name))
      time += span.end - span.start;
    return time;
  }

  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1000);
  SpanLog log_;
  ScriptedEncoder encoder_;
  ScriptedGenerator generator_;
  ScriptedJudge judge_;
  FanOut fan_out_{4};
  serving::Metrics metrics_{"orchestrator"};
  SolverMetrics solver_metrics_{metrics_};
  inference::RequestContext context_;
  Solver solver_{{.encoder = encoder_,
                  .generator = generator_,
                  .judge = judge_,
                  .fan_out = fan_out_,
                  .now = [this] { return Now(); },
                  .tracer = tracing::Tracer(log_, 1)},
                 solver_metrics_};
};

TEST_F(SearchSpansTest, ARequestHasASpanForEachStep) {
  ASSERT_TRUE(Solve(search::StageBeam{2, 1}).ok());
  std::vector<std::string> names;
  for (const SpanRecord& span : log_.spans()) names.push_back(span.name);
  EXPECT_THAT(names,
              ElementsAre("encode",                                        //
                          "generate", "sample", "compare", "judge round",  //
                          "stage summary",                                 //
                          "generate", "sample", "compare", "judge round",  //
                          "stage caption",                                 //
                          "generate", "sample", "compare", "judge round",  //
                          "stage reasoning",                               //
                          "generate", "sample", "compare", "judge round",  //
                          "stage conclusion", "request"));
  const SpanRecord request = Only("request");
  EXPECT_EQ(request.parent_span_id, "b7ad6b7169203331");
  EXPECT_EQ(Only("encode").parent_span_id, request.context.span_id);
  const SpanRecord stage = Only("stage caption");
  EXPECT_EQ(stage.parent_span_id, request.context.span_id);
  EXPECT_EQ(log_.Named("sample")[1].parent_span_id, stage.context.span_id);
  EXPECT_EQ(log_.Named("judge round")[1].parent_span_id, stage.context.span_id);
}

TEST_F(SearchSpansTest, AStageOfSeveralDrawsIsOneSpan) {
  // The judge is 75 % sure.
  ASSERT_TRUE(Solve(search::AdaptiveBeam{4, 2, 0.9, 0.8}).ok());
  const SpanRecord stage = Only("stage caption");
  EXPECT_EQ(AttributeOf<int64_t>(stage, "stagebeam.draws"), 2);
  EXPECT_EQ(AttributeOf<int64_t>(stage, "stagebeam.candidates"), 4);
  EXPECT_EQ(log_.Named("sample")[2].parent_span_id, stage.context.span_id);
  EXPECT_EQ(log_.Named("sample")[3].parent_span_id, stage.context.span_id);
  EXPECT_EQ(AttributeOf<std::string>(Only("request"), "stagebeam.strategy"),
            "adaptive_beam");
}

TEST_F(SearchSpansTest, SpansTakeTheTimesOfTheAnswersCost) {
  generator_.script = [this](const auto&, const auto& request) {
    MoveClock(absl::Seconds(2));
    return ScriptedGenerator::WellFormed(request);
  };
  judge_.script = [this](const auto&, const auto& request) {
    MoveClock(absl::Seconds(1));
    return ScriptedJudge::SecondWins(request);
  };
  const auto answer = Solve(search::StageBeam{2, 1});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(TimeOf("sample"), answer->cost.generate_time);
  EXPECT_EQ(TimeOf("generate"), absl::Seconds(8));
  EXPECT_EQ(TimeOf("judge round"), answer->cost.judge_time);
  EXPECT_EQ(TimeOf("compare"), absl::Seconds(4));
  EXPECT_EQ(TimeOf("request"), answer->cost.total_time);
  EXPECT_EQ(TimeOf("stage summary"), absl::Seconds(3));
}

TEST_F(SearchSpansTest, ARequestsSpanSaysWhatItCost) {
  const auto answer = Solve(search::BestOfN{3});
  ASSERT_TRUE(answer.ok()) << answer.status();
  const SpanRecord request = Only("request");
  EXPECT_EQ(AttributeOf<std::string>(request, "stagebeam.strategy"),
            "best_of_n");
  EXPECT_EQ(AttributeOf<std::string>(request, "stagebeam.request_id"), "r-1");
  EXPECT_EQ(AttributeOf<std::string>(request, "stagebeam.model_id"),
            "scripted@1");
  EXPECT_EQ(AttributeOf<int64_t>(request, "stagebeam.candidates"), 3);
  EXPECT_EQ(AttributeOf<int64_t>(request, "stagebeam.duels"), 2);
  EXPECT_EQ(AttributeOf<int64_t>(request, "stagebeam.prompt_tokens"),
            answer->cost.prompt_token_count);
  EXPECT_EQ(AttributeOf<int64_t>(Only("stage response"), "stagebeam.survivors"),
            1);
}

TEST_F(SearchSpansTest, WorkersAreCalledWithinTheSpanOfTheirCall) {
  std::string at_generator;
  generator_.script = [&](const auto& context, const auto& request) {
    at_generator = context.traceparent;
    return ScriptedGenerator::WellFormed(request);
  };
  ASSERT_TRUE(Solve(search::SinglePass{}).ok());
  EXPECT_EQ(at_generator, tracing::FormatTraceparent(Only("generate").context));
}

TEST_F(SearchSpansTest, ADuelThatBeganEarlyIsASpanOfItsStage) {
  FanOut threads(2);
  Solver solver({.encoder = encoder_,
                 .generator = generator_,
                 .judge = judge_,
                 .fan_out = fan_out_,
                 .early_duels = &threads,
                 .tracer = tracing::Tracer(log_, 1)},
                solver_metrics_);
  absl::Notification judged;
  judge_.script = [&](const auto&, const auto& request) {
    if (!judged.HasBeenNotified()) judged.Notify();
    return ScriptedJudge::SecondWins(request);
  };
  generator_.stream_script = [&](const auto&, const auto& request,
                                 const auto& on_end) {
    auto result = ScriptedGenerator::WellFormed(request);
    if (request.candidate_count < 3) return result;
    on_end({{0, result.candidates[0]}, {1, result.candidates[1]}});
    judged.WaitForNotification();
    return result;
  };
  Question question;
  question.request_id = "r-1";
  question.image = "cat";
  question.strategy = search::BestOfN{3};
  NobodyListens nobody;
  ASSERT_TRUE(solver.Solve(context_, question, nobody).ok());
  int early = 0;
  for (const SpanRecord& compare : log_.Named("compare")) {
    if (!*AttributeOf<bool>(compare, "stagebeam.early")) continue;
    ++early;
    EXPECT_EQ(compare.parent_span_id, Only("stage response").context.span_id);
    EXPECT_LE(compare.end, Only("stage response").end);
  }
  EXPECT_EQ(early, 1);
}

TEST_F(SearchSpansTest, AnErrorMarksEverySpanThatItEnds) {
  generator_.script = [](const auto&, const auto&) {
    return absl::UnavailableError("no generator");
  };
  EXPECT_FALSE(Solve(search::StageBeam{2, 1}).ok());
  for (const char* name : {"generate", "stage summary", "request"})
    EXPECT_TRUE(absl::IsUnavailable(Only(name).status)) << name;
  EXPECT_TRUE(Only("encode").status.ok());
}

TEST_F(SearchSpansTest, AJudgeOutOfReachCostsItsRoundAndNotTheRequest) {
  judge_.script = [](const auto&, const auto&) {
    return absl::UnavailableError("no judge");
  };
  ASSERT_TRUE(Solve(search::StageBeam{2, 1}).ok());
  EXPECT_TRUE(absl::IsUnavailable(log_.Named("judge round").at(0).status));
  EXPECT_TRUE(Only("request").status.ok());
  EXPECT_GT(AttributeOf<int64_t>(Only("request"), "stagebeam.degradations"), 0);
}

}  // namespace
}  // namespace stagebeam::orchestrator
