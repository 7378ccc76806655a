#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "tests/engine/engine_world.h"

// How calls come, wait, and leave.
namespace stagebeam::engine {
namespace {

using absl::StatusCode;

constexpr char kQuestion[] = "How many squares are there?";

// A call that would go on for a long time.
GenerateCall LongCall(const Engine& engine) {
  GenerateCall call = Ask(engine, kQuestion, std::nullopt, 4, 2000);
  call.stopping.min_new_tokens = 2000;
  return call;
}

// A call on a thread of its own.
class Caller {
 public:
  Caller(Engine& engine, GenerateCall call)
      : call_(std::move(call)), thread_([this, &engine] {
          result_ = engine.Generate(call_);
          done_.Notify();
        }) {}
  ~Caller() { thread_.join(); }

  const absl::StatusOr<GenerateOutput>& Result() {
    done_.WaitForNotification();
    return result_;
  }
  bool IsDone() const { return done_.HasBeenNotified(); }

 private:
  const GenerateCall call_;
  absl::StatusOr<GenerateOutput> result_ = absl::UnknownError("");
  absl::Notification done_;
  std::thread thread_;
};

bool IsDecoding(const StepReport& report) {
  return report.running_branches > 0;
}
bool IsIdle(const StepReport& report) { return report.running_calls == 0; }

TEST(CallLife, ACancelledCallReturnsAndLeavesTheNextStep) {
  StepGate gate;
  const auto engine = LoadEngine(ReferenceOptions(), &gate);
  std::stop_source stop;
  GenerateCall call = LongCall(*engine);
  call.control.cancellation = stop.get_token();
  Caller caller(*engine, call);
  gate.AwaitReport(IsDecoding);
  gate.Shut();
  gate.AwaitHeld();
  stop.request_stop();
  EXPECT_EQ(caller.Result().status().code(), StatusCode::kCancelled);
  const size_t steps = gate.reports().size();
  gate.Open();
  MustGenerate(*engine, Ask(*engine, kQuestion, std::nullopt, 1, 1));
  const auto reports = gate.reports();
  for (size_t i = steps; i < reports.size(); ++i)
    EXPECT_LE(reports[i].running_branches, 1);
}

TEST(CallLife, ACallThatWasCancelledBeforeItBeganDoesNotRun) {
  const auto engine = LoadEngine();
  std::stop_source stop;
  stop.request_stop();
  GenerateCall call = LongCall(*engine);
  call.control.cancellation = stop.get_token();
  EXPECT_EQ(engine->Generate(call).status().code(), StatusCode::kCancelled);
}

TEST(CallLife, ARunningCallEndsAtItsDeadline) {
  StepGate gate;
  const auto engine = LoadEngine(ReferenceOptions(), &gate);
  GenerateCall call = LongCall(*engine);
  call.control.deadline = absl::Now() + absl::Milliseconds(200);
  EXPECT_EQ(engine->Generate(call).status().code(),
            StatusCode::kDeadlineExceeded);
  gate.AwaitReport(IsIdle);
}

TEST(CallLife, AWaitingCallEndsAtItsDeadline) {
  StepGate gate;
  EngineOptions options = ReferenceOptions();
  options.max_running_branches = 4;
  const auto engine = LoadEngine(options, &gate);
  gate.Shut();
  Caller running(*engine, Ask(*engine, kQuestion, std::nullopt, 4, 40));
  gate.AwaitHeld();
  GenerateCall second = LongCall(*engine);
  second.control.deadline = absl::Now() + absl::Milliseconds(20);
  EXPECT_EQ(engine->Generate(second).status().code(),
            StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(running.IsDone());
  // Its waiting counts as much as that of a call that got its place.
  EXPECT_EQ(gate.queue_leavers(), 2);
  gate.Open();
  EXPECT_TRUE(running.Result().ok());
}

TEST(CallLife, WaitingCallsAndTheirBranchesAreReported) {
  StepGate gate;
  EngineOptions options = ReferenceOptions();
  options.max_running_branches = 4;
  const auto engine = LoadEngine(options, &gate);
  std::stop_source stop;
  GenerateCall first = LongCall(*engine);
  first.control.cancellation = stop.get_token();
  Caller running(*engine, first);
  gate.AwaitReport(IsDecoding);
  Caller three(*engine, Ask(*engine, kQuestion, std::nullopt, 3, 1));
  Caller two(*engine, Ask(*engine, kQuestion, std::nullopt, 2, 1));
  gate.AwaitReport([](const StepReport& report) {
    return report.waiting_calls == 2 && report.waiting_branches == 5;
  });
  EXPECT_EQ(gate.queue_leavers(), 1);
  stop.request_stop();
  EXPECT_TRUE(two.Result().ok());
  EXPECT_TRUE(three.Result().ok());
  EXPECT_EQ(gate.queue_leavers(), 3);
  gate.AwaitReport([](const StepReport& report) {
    return IsIdle(report) && report.waiting_branches == 0;
  });
}

TEST(CallLife, ADeadlineInThePastIsTooLate) {
  const auto engine = LoadEngine();
  GenerateCall call = LongCall(*engine);
  call.control.deadline = absl::InfinitePast();
  EXPECT_EQ(engine->Generate(call).status().code(),
            StatusCode::kDeadlineExceeded);
}

TEST(CallLife, AFullQueueAnswersAtOnce) {
  StepGate gate;
  EngineOptions options = ReferenceOptions();
  options.max_waiting_calls = 2;
  const auto engine = LoadEngine(options, &gate);
  gate.Shut();
  Caller running(*engine, Ask(*engine, kQuestion, std::nullopt, 1, 8));
  gate.AwaitHeld();
  std::atomic<int> refused = 0, answered = 0;
  absl::Notification first_refusal;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto result =
          engine->Generate(Ask(*engine, kQuestion, std::nullopt, 1, 8));
      if (result.ok()) ++answered;
      if (result.status().code() == StatusCode::kResourceExhausted &&
          ++refused == 1) {
        first_refusal.Notify();
      }
    });
  }
  first_refusal.WaitForNotification();  // While the scheduler stands still.
  gate.Open();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(answered, 2);
  EXPECT_TRUE(running.Result().ok());
}

TEST(CallLife, CallsThatDoNotFitTogetherTakeTurns) {
  StepGate gate;
  EngineOptions options = ReferenceOptions();
  options.kv_bytes = 300 * 2560;
  const auto engine = LoadEngine(options, &gate);
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 6; ++i) {
    callers.push_back(std::make_unique<Caller>(
        *engine,
        Ask(*engine, kQuestion + std::to_string(i), std::nullopt, 4, 40)));
  }
  for (const auto& caller : callers) EXPECT_TRUE(caller->Result().ok());
  for (const StepReport& report : gate.reports()) {
    EXPECT_LE(report.running_calls, 1);
    EXPECT_LE(report.kv_bytes_used, options.kv_bytes);
  }
  EXPECT_EQ(gate.calls(), 6);
}

TEST(CallLife, ACallThatCouldNeverFitIsRefusedWithNumbers) {
  EngineOptions options = ReferenceOptions();
  options.kv_bytes = 100 * 2560;
  const auto engine = LoadEngine(options);
  const auto result =
      engine->Generate(Ask(*engine, kQuestion, std::nullopt, 8, 100));
  EXPECT_EQ(result.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(result.status().message().find("256000"), std::string::npos)
      << result.status();
  EXPECT_TRUE(
      engine->Generate(Ask(*engine, kQuestion, std::nullopt, 1, 10)).ok());
}

TEST(CallLife, MoreBranchesThanTheEngineRunsAreRefused) {
  EngineOptions options = ReferenceOptions();
  options.max_running_branches = 3;
  const auto engine = LoadEngine(options);
  EXPECT_EQ(engine->Generate(Ask(*engine, kQuestion, std::nullopt, 4, 1))
                .status()
                .code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(
      engine->Generate(Ask(*engine, kQuestion, std::nullopt, 3, 1)).ok());
}

TEST(CallLife, APictureTooLargeForMemoryIsRefused) {
  EngineOptions options = ReferenceOptions();
  options.image_bytes = 1000;
  const auto engine = LoadEngine(options);
  EXPECT_EQ(
      engine->Generate(Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 1))
          .status()
          .code(),
      StatusCode::kResourceExhausted);
}

TEST(CallLife, TheDestructorEndsWhatRunsAndWhatWaits) {
  StepGate gate;
  EngineOptions options = ReferenceOptions();
  options.max_running_branches = 4;
  auto engine = LoadEngine(options, &gate);
  Caller running(*engine, LongCall(*engine));
  gate.AwaitReport(IsDecoding);
  Caller waiting(*engine, LongCall(*engine));
  gate.AwaitReport(
      [](const StepReport& report) { return report.waiting_calls > 0; });
  engine.reset();
  EXPECT_EQ(running.Result().status().code(), StatusCode::kCancelled);
  EXPECT_EQ(waiting.Result().status().code(), StatusCode::kCancelled);
}

TEST(CallLife, DecodingGoesOnWhileAPromptIsComputed) {
  StepGate gate;
  EngineOptions options = ReferenceOptions();
  options.prefill_chunk = 4;
  const auto engine = LoadEngine(options, &gate);
  std::stop_source stop;
  GenerateCall first = LongCall(*engine);
  first.control.cancellation = stop.get_token();
  Caller running(*engine, first);
  gate.AwaitReport(IsDecoding);
  MustGenerate(*engine,
               Ask(*engine, std::string(200, '?'), std::nullopt, 1, 1));
  stop.request_stop();
  int shared_steps = 0;
  for (const StepReport& report : gate.reports()) {
    EXPECT_LE(report.prefill_tokens, 4);
    if (report.prefill_tokens > 0 && report.decode_tokens > 0) ++shared_steps;
  }
  EXPECT_GT(shared_steps, 20);
}

TEST(CallLife, ConcurrentCallsAboutOnePictureLoadItOnce) {
  const auto engine = LoadEngine();
  std::atomic<int> loads = 0;
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::make_unique<Caller>(
        *engine,
        Ask(*engine, kQuestion, RandomImage(*engine, 1, &loads), 2, 12)));
  }
  for (const auto& caller : callers) {
    ASSERT_TRUE(caller->Result().ok()) << caller->Result().status();
    EXPECT_EQ(TokensOf(*caller->Result()), TokensOf(*callers[0]->Result()));
  }
  EXPECT_EQ(loads, 1);
}

TEST(CallLife, ThreadsWithDifferentPicturesAndWithNoneGetTheirOwnAnswers) {
  const auto engine = LoadEngine();
  const auto question = [&](int i) {
    std::optional<ImagePrompt> image;
    if (i % 4 != 3) image = RandomImage(*engine, i);
    return Ask(*engine, kQuestion, image, 3, 24);
  };
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 8; ++i)
    callers.push_back(std::make_unique<Caller>(*engine, question(i)));
  const auto quiet = LoadEngine();
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(callers[i]->Result().ok()) << callers[i]->Result().status();
    EXPECT_EQ(TokensOf(*callers[i]->Result()),
              TokensOf(MustGenerate(*quiet, question(i))));
  }
}

TEST(CallLife, WhereLoadingFailsTheNextCallerLoads) {
  const auto engine = LoadEngine();
  GenerateCall broken = Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 4);
  absl::Notification asked, go_on;
  broken.image->load = [&]() -> absl::StatusOr<Features> {
    asked.Notify();
    go_on.WaitForNotification();
    return absl::NotFoundError("no such picture");
  };
  Caller first(*engine, broken);
  asked.WaitForNotification();
  Caller second(*engine,
                Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 4));
  // A third call runs meanwhile: loading holds nobody up.
  MustGenerate(*engine, Ask(*engine, kQuestion, std::nullopt, 1, 4));
  EXPECT_FALSE(second.IsDone());
  go_on.Notify();
  EXPECT_EQ(first.Result().status(), absl::NotFoundError("no such picture"));
  EXPECT_TRUE(second.Result().ok()) << second.Result().status();
}

TEST(CallLife, FeaturesThatDoNotFitTheModelAreRefused) {
  const auto engine = LoadEngine();
  const std::vector<std::function<void(Features&)>> spoilers = {
      [](Features& f) { f.vision_digest = "other"; },
      [](Features& f) { f.hidden_size = 191; },
      [](Features& f) { f.rows_per_tile = 18; },
      [](Features& f) { f.stored_tile_count = 3; },
      [](Features& f) { f.tile_count = 0; },
      [](Features& f) { f.tile_count = 5; },
      [](Features& f) { f.dtype = DType::kBFloat16; },
      [](Features& f) { f.payload = f.payload.first(f.payload.size() - 1); }};
  for (size_t i = 0; i < spoilers.size(); ++i) {
    GenerateCall call = Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 4);
    call.image->load = [&]() -> absl::StatusOr<Features> {
      Features features = RandomFeatures(*engine, 1);
      spoilers[i](features);
      return features;
    };
    const absl::Status status = engine->Generate(call).status();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << "case " << i;
    EXPECT_EQ(status.message().substr(0, 10), "features: ") << status;
  }
  EXPECT_TRUE(
      engine->Generate(Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 4))
          .ok());
}

}  // namespace
}  // namespace stagebeam::engine
