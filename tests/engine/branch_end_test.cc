#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/engine/engine_world.h"

// Who hears of branches that end, and when.
namespace stagebeam::engine {
namespace {

constexpr char kQuestion[] = "How many squares are there?";
// Far beyond what a step takes: a test that fails waits no longer.
constexpr absl::Duration kPatience = absl::Minutes(1);

// Branches that end at different times.
GenerateCall UnevenCall(const Engine& engine) {
  GenerateCall call = Ask(engine, kQuestion, RandomImage(engine, 1), 8, 60);
  call.stopping.stop_strings = {"</SUMMARY>"};
  call.want_token_logprobs = true;
  return call;
}

TEST(BranchEnd, EveryBranchIsHeardOnceAndAsItStandsInTheResult) {
  const auto engine = LoadEngine();
  GenerateCall call = UnevenCall(*engine);
  PromptBranches second = call.prompts.front();
  second.prompt_token_ids = engine->chat().Prompt("What is shown?", true);
  second.branch_count = 3;
  call.prompts.push_back(second);
  std::map<std::pair<int, int>, Branch> heard;
  const std::thread::id caller = std::this_thread::get_id();
  call.on_branch_end = [&](const std::vector<EndedBranch>& ended) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_FALSE(ended.empty());
    for (const EndedBranch& end : ended)
      EXPECT_TRUE(
          heard.try_emplace({end.prompt, end.index}, end.branch).second);
  };
  const GenerateOutput output = MustGenerate(*engine, call);
  ASSERT_EQ(heard.size(), 11u);
  for (const auto& [place, branch] : heard) {
    const Branch& result = output.branches[place.first][place.second];
    EXPECT_EQ(branch.text, result.text);
    EXPECT_EQ(branch.token_ids, result.token_ids);
    EXPECT_EQ(branch.finish, result.finish);
    EXPECT_EQ(branch.logprob, result.logprob);
    EXPECT_EQ(branch.token_logprobs, result.token_logprobs);
  }
}

TEST(BranchEnd, ShorterBranchesAreHeardFirst) {
  const auto engine = LoadEngine();
  GenerateCall call = UnevenCall(*engine);
  std::vector<size_t> lengths;
  call.on_branch_end = [&](const std::vector<EndedBranch>& ended) {
    for (const EndedBranch& end : ended) {
      // The token that ends the turn is drawn and not kept.
      const bool turn_ended = end.branch.finish == Finish::kEndOfTurn;
      lengths.push_back(end.branch.token_ids.size() + (turn_ended ? 1 : 0));
    }
  };
  MustGenerate(*engine, call);
  EXPECT_TRUE(std::is_sorted(lengths.begin(), lengths.end()));
  EXPECT_LT(lengths.front(), lengths.back());
}

TEST(BranchEnd, BranchesThatEndInOneStepAreHeardAtOnce) {
  const auto engine = LoadEngine();
  GenerateCall call = Ask(*engine, kQuestion, std::nullopt, 6, 9);
  call.stopping.min_new_tokens = 9;
  std::vector<size_t> heard;
  call.on_branch_end = [&](const std::vector<EndedBranch>& ended) {
    heard.push_back(ended.size());
  };
  MustGenerate(*engine, call);
  EXPECT_EQ(heard, std::vector<size_t>{6});
}

TEST(BranchEnd, ListeningChangesNothing) {
  const auto engine = LoadEngine();
  GenerateCall call = UnevenCall(*engine);
  const auto deaf = TokensOf(MustGenerate(*engine, call));
  call.on_branch_end = [](const std::vector<EndedBranch>&) {};
  EXPECT_EQ(TokensOf(MustGenerate(*engine, call)), deaf);
}

// Holds the scheduler thread, once some branches have ended and others have
// not, until a branch was heard of.
class WaitForEars : public EngineObserver {
 public:
  void OnStep(const StepReport& report) override {
    most_ = std::max(most_, report.running_branches);
    if (report.running_branches == 0 || report.running_branches == most_)
      return;
    was_between_ = true;
    EXPECT_TRUE(heard.WaitForNotificationWithTimeout(kPatience));
  }
  void OnCall(const CallUsage&) override {}
  void OnQueueLeft(absl::Duration) override {}

  bool was_between() const { return was_between_; }

  absl::Notification heard;

 private:
  int most_ = 0;
  bool was_between_ = false;
};

TEST(BranchEnd, ABranchIsHeardWhileOthersGoOn) {
  WaitForEars observer;
  const auto engine = LoadEngine(ReferenceOptions(), &observer);
  GenerateCall call = UnevenCall(*engine);
  call.on_branch_end = [&](const std::vector<EndedBranch>&) {
    if (!observer.heard.HasBeenNotified()) observer.heard.Notify();
  };
  MustGenerate(*engine, call);
  EXPECT_TRUE(observer.was_between());
}

TEST(BranchEnd, AListenerThatTakesItsTimeHoldsNobodyUp) {
  const auto engine = LoadEngine();
  absl::Notification listening, go_on;
  GenerateCall call = UnevenCall(*engine);
  call.on_branch_end = [&](const std::vector<EndedBranch>&) {
    if (listening.HasBeenNotified()) return;
    listening.Notify();
    EXPECT_TRUE(go_on.WaitForNotificationWithTimeout(kPatience));
  };
  absl::StatusOr<GenerateOutput> slow = absl::UnknownError("");
  std::thread caller([&] { slow = engine->Generate(call); });
  listening.WaitForNotification();
  MustGenerate(*engine, Ask(*engine, kQuestion, std::nullopt, 2, 20));
  go_on.Notify();
  caller.join();
  EXPECT_TRUE(slow.ok()) << slow.status();
}

}  // namespace
}  // namespace stagebeam::engine
