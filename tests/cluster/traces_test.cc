// A cluster whose processes export their spans to a collector of the test.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"
#include "tests/otlp/collector.h"
#include "tests/otlp/trace_tree.h"

namespace stagebeam::testing {
namespace {

using orchestrator::v1::OrchestratorService;
using orchestrator::v1::ReasonRequest;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::StreamReasonRequest;
using orchestrator::v1::StreamReasonResponse;
using orchestrator::v1::Usage;
using ::testing::ElementsAre;
using Spans = std::vector<const CollectedSpan*>;

constexpr char kReason[] =
    "stagebeam.orchestrator.v1.OrchestratorService/StreamReason";
constexpr char kEncode[] = "stagebeam.encoder.v1.EncoderService/EncodeImage";
constexpr char kFetch[] = "stagebeam.encoder.v1.EncoderService/FetchFeatures";
constexpr char kStream[] =
    "stagebeam.generator.v1.GeneratorService/StreamCandidates";
constexpr char kCompare[] = "stagebeam.judge.v1.JudgeService/ComparePairs";

// Whose child a span of each name may be.
const std::map<std::string, std::set<std::string>>& Parents() {
  static const auto* const parents =
      new std::map<std::string, std::set<std::string>>{
          {"request", {kReason}},
          {"encode", {"request"}},
          {"stage summary", {"request"}},
          {"stage caption", {"request"}},
          {"stage reasoning", {"request"}},
          {"stage conclusion", {"request"}},
          {"sample",
           {"stage summary", "stage caption", "stage reasoning",
            "stage conclusion"}},
          {"generate", {"sample"}},
          {"judge round",
           {"stage summary", "stage caption", "stage reasoning",
            "stage conclusion"}},
          // Early ones belong to no round.
          {"compare",
           {"judge round", "stage summary", "stage caption", "stage reasoning",
            "stage conclusion"}},
          {"attempt", {"encode", "generate", "compare", "fetch features"}},
          {kEncode, {"attempt"}},
          {kFetch, {"attempt"}},
          {kStream, {"attempt"}},
          {kCompare, {"attempt"}},
          {"fetch features", {kStream, kCompare}},
          {"queue", {kEncode, kStream, kCompare}},
          {"encode picture", {kEncode}},
          {"prefill", {kStream, kCompare}},
          {"decode", {kStream, kCompare}}};
  return *parents;
}

ClusterShape TracingTo(const Collector& collector) {
  ClusterShape shape;
  for (const char* kind : {"encoder", "generator", "judge", "orchestrator"}) {
    shape.flags[kind] = {absl::StrCat("--otlp_endpoint=", collector.address()),
                         // Calls that ended well are logged at this level.
                         "--log_level=debug"};
  }
  return shape;
}

absl::Duration Time(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

// True once nothing of a trace is still on its way: a process sends its spans
// in the order in which they end, so that whatever a server did is there when
// the server's own span is.
bool IsWhole(const TraceTree& trace) {
  for (const CollectedSpan* attempt : trace.Named("attempt")) {
    if (IsOk(*attempt) && trace.ChildrenOf(*attempt).empty()) return false;
  }
  return !trace.Named(kReason).empty();
}

class TracesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(cluster_.Start());
    client_ = cluster_.NewClient();
  }
  void TearDown() override { EXPECT_EQ(cluster_.Obituaries(), ""); }

  // Asks within the trace of 32 digits `trace_id`.
  ReasonResponse Ask(const ReasonRequest& request, const std::string& trace_id,
                     const std::string& flags = "01") {
    grpc::ClientContext context;
    SetPatience(context);
    context.AddMetadata(
        "traceparent",
        absl::StrCat("00-", trace_id, "-b7ad6b7169203331-", flags));
    StreamReasonRequest stream_request;
    *stream_request.mutable_request() = request;
    const auto reader = client_->StreamReason(&context, stream_request);
    ReasonResponse last;
    for (StreamReasonResponse event; reader->Read(&event);) {
      if (event.has_finished()) last = event.finished();
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return last;
  }

  // The spans of that trace, once all are there.
  std::vector<CollectedSpan> Collect(const std::string& trace_id) {
    const std::string id = absl::HexStringToBytes(trace_id);
    EXPECT_TRUE(collector_->WaitUntil([&](const auto& spans) {
      return IsWhole(TraceTree(spans, id));
    })) << TraceTree(collector_->spans(), id).Text();
    return collector_->spans();
  }

  std::unique_ptr<Collector> collector_ = std::make_unique<Collector>();
  Cluster cluster_{TracingTo(*collector_)};
  std::unique_ptr<OrchestratorService::Stub> client_;
};

void ExpectATree(const TraceTree& trace) {
  const Spans roots = trace.roots();
  ASSERT_EQ(roots.size(), 1u);
  EXPECT_EQ(roots[0]->span.name(), kReason);
  EXPECT_EQ(roots[0]->span.parent_span_id(),
            absl::HexStringToBytes("b7ad6b7169203331"));
  for (const CollectedSpan* span : trace.all()) {
    if (span == roots[0]) continue;
    const CollectedSpan& parent = *trace.ParentOf(*span);
    const auto known = Parents().find(span->span.name());
    ASSERT_NE(known, Parents().end()) << span->span.name();
    EXPECT_TRUE(known->second.contains(parent.span.name()))
        << span->span.name() << " under " << parent.span.name();
    // The clocks of two processes agree to microseconds.
    constexpr uint64_t kSlack = 1'000'000;
    EXPECT_GE(span->span.start_time_unix_nano() + kSlack,
              parent.span.start_time_unix_nano())
        << span->span.name();
    // Who cancels a call does not wait for its end.
    if (IsOk(parent))
      EXPECT_LE(span->span.end_time_unix_nano(),
                parent.span.end_time_unix_nano() + kSlack)
          << span->span.name();
  }
}

void ExpectStages(const TraceTree& trace, const ReasonResponse& response) {
  std::vector<std::string> stages;
  const CollectedSpan& request = *trace.Named("request").at(0);
  for (const CollectedSpan* child : trace.ChildrenOf(request)) {
    stages.push_back(child->span.name());
    if (child->span.name() == "encode") continue;
    const int expansion = static_cast<int>(stages.size()) - 2;
    ASSERT_LT(expansion, response.trace().expansions_size());
    const auto& duels = response.trace().expansions(expansion).duels();
    EXPECT_EQ(trace.NamedBelow(*child, "sample").size(), 1u);
    EXPECT_EQ(trace.NamedBelow(*child, "generate").size(), 1u);
    EXPECT_GE(trace.NamedBelow(*child, "decode").size(), 1u);
    // Candidates that are all alike are not compared.
    EXPECT_EQ(trace.NamedBelow(*child, "judge round").empty(), duels.empty());
    EXPECT_EQ(SumOf({child}, "stagebeam.duels"), duels.size());
  }
  EXPECT_THAT(stages, ElementsAre("encode", "stage summary", "stage caption",
                                  "stage reasoning", "stage conclusion"));
}

void ExpectTokens(const TraceTree& trace, const Usage& usage) {
  const Spans request = trace.Named("request");
  Spans calls = trace.Named("generate");
  for (const CollectedSpan* compare : trace.Named("compare"))
    calls.push_back(compare);
  for (const Spans& spans : {request, calls}) {
    EXPECT_EQ(SumOf(spans, "stagebeam.prompt_tokens"),
              usage.prompt_token_count());
    EXPECT_EQ(SumOf(spans, "stagebeam.reused_tokens"),
              usage.reused_token_count());
    EXPECT_EQ(SumOf(spans, "stagebeam.generated_tokens"),
              usage.generated_token_count());
    EXPECT_EQ(SumOf(spans, "stagebeam.candidates"), usage.candidate_count());
  }
  EXPECT_EQ(SumOf(trace.Named("compare"), "stagebeam.pairs"),
            usage.duel_count());
  EXPECT_EQ(SumOf(request, "stagebeam.duels"), usage.duel_count());
}

// What the engines said of each call is what the orchestrator heard.
void ExpectWorkersAgree(const TraceTree& trace) {
  for (const char* name : {"generate", "compare"}) {
    for (const CollectedSpan* call : trace.Named(name)) {
      if (!IsOk(*call)) continue;
      const Spans prefills = trace.NamedBelow(*call, "prefill");
      for (const char* tokens :
           {"stagebeam.prompt_tokens", "stagebeam.reused_tokens"}) {
        EXPECT_EQ(SumOf(prefills, tokens), SumOf({call}, tokens)) << name;
      }
      EXPECT_EQ(SumOf(trace.NamedBelow(*call, "decode"),
                      "stagebeam.generated_tokens"),
                SumOf({call}, "stagebeam.generated_tokens"))
          << name;
      EXPECT_EQ(trace.NamedBelow(*call, "queue").size(), prefills.size());
    }
  }
}

void ExpectTimes(const TraceTree& trace, const Usage& usage) {
  // Each span is rounded to a nanosecond at both ends.
  constexpr double kRounding = 1000;
  const auto expect = [&](const char* name, const auto& time) {
    EXPECT_NEAR(absl::ToDoubleNanoseconds(TimeOf(trace.Named(name))),
                absl::ToDoubleNanoseconds(Time(time)), kRounding)
        << name;
  };
  expect("encode", usage.encode_time());
  expect("sample", usage.generate_time());
  expect("judge round", usage.judge_time());
  expect("request", usage.total_time());
}

TEST_F(TracesTest, OneRequestIsOneTreeThatAddsUpToItsUsage) {
  ReasonRequest request = AskWithDuels();
  for (const auto method :
       {judge::v1::METHOD_SCORE_BOTH_ORDERS, judge::v1::METHOD_WRITE}) {
    SCOPED_TRACE(judge::v1::Method_Name(method));
    request.mutable_search()->set_judge_method(method);
    const std::string id =
        absl::StrCat("0af7651916cd43dd8448eb211c80319", method);
    const ReasonResponse response = Ask(request, id);
    const std::vector<CollectedSpan> spans = Collect(id);
    const TraceTree trace(spans, absl::HexStringToBytes(id));
    SCOPED_TRACE(trace.Text());
    ASSERT_NO_FATAL_FAILURE(ExpectATree(trace));
    ExpectStages(trace, response);
    ExpectTokens(trace, response.usage());
    ExpectWorkersAgree(trace);
    ExpectTimes(trace, response.usage());
    EXPECT_GT(response.usage().duel_count(), 0);
    EXPECT_EQ(TextOf(trace.Named("request").at(0)->span.attributes(),
                     "stagebeam.request_id"),
              response.request_id());
  }
}

TEST_F(TracesTest, ACallerThatDoesNotSampleLeavesNoSpan) {
  const std::string quiet = "11111111111111111111111111111111";
  const std::string told = "22222222222222222222222222222222";
  Ask(AskForColor(), quiet, "00");
  Ask(AskForColor(), told);
  const std::vector<CollectedSpan> spans = Collect(told);
  const TraceTree trace(spans, absl::HexStringToBytes(told));
  EXPECT_GT(trace.size(), 10u);
  EXPECT_EQ(trace.size(), spans.size());
}

TEST_F(TracesTest, LogsOfEveryProcessSayWhichRequestAndTrace) {
  const std::string id = "33333333333333333333333333333333";
  ReasonRequest request = AskWithDuels();
  const std::string made = Ask(request, id).request_id();
  request.set_request_id("given-17");
  Ask(request, id);
  for (ServiceProcess* service : cluster_.services()) {
    const std::string log = service->Log();
    for (const std::string& name : {made, std::string("given-17")}) {
      EXPECT_TRUE(
          absl::StrContains(log, absl::StrCat("\"request_id\":\"", name, "\"")))
          << log;
    }
    EXPECT_TRUE(
        absl::StrContains(log, absl::StrCat("\"trace_id\":\"", id, "\"")))
        << log;
  }
}

TEST_F(TracesTest, ACollectorThatIsGoneCostsNoAnswer) {
  collector_.reset();
  EXPECT_EQ(
      Ask(AskForColor(), "44444444444444444444444444444444").stages_size(), 4);
}

}  // namespace
}  // namespace stagebeam::testing
