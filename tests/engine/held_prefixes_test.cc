#include <gtest/gtest.h>

#include <atomic>

#include "libs/engine/text_model.h"
#include "tests/engine/engine_world.h"

// What was computed once stays, and what had to go is computed again to the
// same answer.
namespace stagebeam::engine {
namespace {

constexpr char kQuestion[] = "Is there a red triangle in the picture?";
const char* const kStageEnds[] = {"</SUMMARY>", "</CAPTION>", "</REASONING>",
                                  "</CONCLUSION>"};

// The branches and usages of four stages, the first branch going on each time.
struct StagedAnswer {
  std::vector<std::vector<std::vector<int32_t>>> branches;
  std::vector<CallUsage> usages;
};

// `between` runs after every stage.
StagedAnswer AnswerInStages(
    Engine& engine, std::optional<ImagePrompt> image,
    const std::function<void()>& between = [] {}) {
  StagedAnswer answer;
  GenerateCall call = Ask(engine, kQuestion, std::move(image), 4, 24);
  call.stopping.min_new_tokens = 2;
  for (const char* const end : kStageEnds) {
    call.stopping.stop_strings = {end};
    const GenerateOutput output = MustGenerate(engine, call);
    answer.branches.push_back(TokensOf(output));
    answer.usages.push_back(output.usage);
    call = Continue(call, answer.branches.back().front());
    between();
  }
  return answer;
}

int Computed(const CallUsage& usage) {
  return usage.prompt_token_count - usage.reused_token_count;
}

TEST(HeldPrefixes, AStageComputesNoTokenOfTheStagesBefore) {
  const auto engine = LoadEngine();
  for (const bool with_image : {true, false}) {
    std::optional<ImagePrompt> image;
    if (with_image) image = RandomImage(*engine, 1);
    const StagedAnswer answer = AnswerInStages(*engine, image);
    EXPECT_EQ(answer.usages[0].reused_token_count, 0);
    for (size_t stage = 1; stage < answer.usages.size(); ++stage) {
      // The last sampled token never went through the model: it is new.
      EXPECT_EQ(Computed(answer.usages[stage]), 1) << "stage " << stage;
    }
  }
}

TEST(HeldPrefixes, TheSameQuestionAgainComputesItsLastTokenOnly) {
  const auto engine = LoadEngine();
  const GenerateCall call =
      Ask(*engine, kQuestion, RandomImage(*engine, 1), 2, 8);
  const GenerateOutput first = MustGenerate(*engine, call);
  const GenerateOutput again = MustGenerate(*engine, call);
  EXPECT_EQ(Computed(again.usage), 1);
  EXPECT_EQ(TokensOf(again), TokensOf(first));
}

TEST(HeldPrefixes, AnotherQuestionAboutThePictureSharesItsBeginning) {
  const auto engine = LoadEngine();
  const ImagePrompt image = RandomImage(*engine, 1);
  MustGenerate(*engine, Ask(*engine, "How many circles are red?", image, 1, 4));
  const GenerateCall other =
      Ask(*engine, "How many circles are blue?", image, 2, 20);
  const GenerateOutput shared = MustGenerate(*engine, other);
  EXPECT_GT(shared.usage.reused_token_count,
            static_cast<int>(engine->chat().head().size()) + 3);
  EXPECT_EQ(TokensOf(shared), TokensOf(MustGenerate(*LoadEngine(), other)));
}

TEST(HeldPrefixes, APrefixCutInsideACandidateIsReusedUpToTheCut) {
  const auto engine = LoadEngine();
  GenerateCall call = Ask(*engine, kQuestion, RandomImage(*engine, 1), 2, 16);
  call.stopping.min_new_tokens = 10;
  const auto branches = TokensOf(MustGenerate(*engine, call));
  std::vector<int32_t> cut(branches[1].begin(), branches[1].begin() + 6);
  cut.push_back(branches[1][6] == 5 ? 6 : 5);
  const GenerateCall next = Continue(call, cut);
  const GenerateOutput output = MustGenerate(*engine, next);
  EXPECT_EQ(Computed(output.usage), 1);
  EXPECT_EQ(TokensOf(output), TokensOf(MustGenerate(*LoadEngine(), next)));
}

TEST(HeldPrefixes, AnotherPictureSharesNothing) {
  const auto engine = LoadEngine();
  MustGenerate(*engine, Ask(*engine, kQuestion, RandomImage(*engine, 1), 1, 4));
  const auto other = MustGenerate(
      *engine, Ask(*engine, kQuestion, RandomImage(*engine, 2), 1, 4));
  EXPECT_EQ(other.usage.reused_token_count, 0);
  const auto text =
      MustGenerate(*engine, Ask(*engine, kQuestion, std::nullopt, 1, 4));
  EXPECT_EQ(text.usage.reused_token_count, 0);
}

TEST(HeldPrefixes, AfterEvictionTheAnswerIsTheSame) {
  const StagedAnswer roomy = AnswerInStages(*LoadEngine(), std::nullopt);
  EngineOptions options = ReferenceOptions();
  const int64_t bytes_per_token = 5 * 2 * 2 * 32 * 4;
  options.kv_bytes = 260 * bytes_per_token;
  StepGate gate;
  const auto engine = LoadEngine(options, &gate);
  int asked = 0;
  const auto push_out = [&] {
    const std::string other =
        std::string(20, static_cast<char>('a' + asked++)) + " how many?";
    MustGenerate(*engine, Ask(*engine, other, std::nullopt, 4, 40));
  };
  const StagedAnswer tight = AnswerInStages(*engine, std::nullopt, push_out);
  EXPECT_EQ(tight.branches, roomy.branches);
  EXPECT_GT(Computed(tight.usages.back()), 1);
  for (const StepReport& report : gate.reports()) {
    EXPECT_LE(report.kv_bytes_used, report.kv_bytes_total);
  }
}

TEST(HeldPrefixes, APictureThatWasForgottenIsLoadedAgain) {
  EngineOptions options = ReferenceOptions();
  // Room for one picture: 2 layers, keys and values, 4 tiles of 17 rows.
  options.image_bytes = 2 * 2 * 4 * 17 * 2 * 32 * 4 + 20 * 5 * 2 * 2 * 32 * 4;
  const auto engine = LoadEngine(options);
  std::atomic<int> loads = 0;
  const ImagePrompt image = RandomImage(*engine, 1, &loads);
  const GenerateCall call = Ask(*engine, kQuestion, image, 2, 12);
  const GenerateOutput first = MustGenerate(*engine, call);
  EXPECT_EQ(TokensOf(MustGenerate(*engine, call)), TokensOf(first));
  EXPECT_EQ(loads, 1);
  MustGenerate(*engine, Ask(*engine, kQuestion, RandomImage(*engine, 2), 1, 4));
  const GenerateOutput again = MustGenerate(*engine, call);
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(TokensOf(again), TokensOf(first));
  // The prompt's keys and values outlive the picture's: all but the head and
  // the last token is reused.
  EXPECT_EQ(Computed(again.usage),
            static_cast<int>(engine->chat().head().size()) + 1);
}

}  // namespace
}  // namespace stagebeam::engine
