#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/engine/text_model.h"
#include "tests/engine/golden.h"
#include "tests/engine/scratch_directory.h"
#include "tests/engine/sequence.h"

namespace stagebeam::engine {
namespace {

using testing::HasSubstr;

// What another order of the same sums may change in fp32.
constexpr double kRounding = 2e-5;

class TextModelStep : public testing::TestWithParam<std::string> {
 protected:
  TextModelStep()
      : golden_(LoadGolden(GetParam())),
        model_(LoadTextModel(golden_, DType::kFloat32)) {}

  const GoldenModel golden_;
  const std::unique_ptr<TextModel> model_;
};

TEST_P(TextModelStep, ArbitraryChunksAndSegmentsGiveTheSameLogits) {
  std::mt19937 random(11);
  for (const GoldenCase& golden : golden_.cases) {
    const std::vector<int32_t> tokens = golden.AllTokens();
    for (int round = 0; round < 4; ++round) {
      Sequence sequence(*model_, golden);
      std::vector<float> logits;
      for (size_t at = 0; at < tokens.size();) {
        const size_t size =
            std::min<size_t>(1 + random() % 9, tokens.size() - at);
        logits = sequence.Append(std::span(tokens).subspan(at, size));
        if (random() % 2 == 0) sequence.Seal();
        at += size;
      }
      EXPECT_LE(MaxDifference(logits, golden.logits.back()), 1e-4)
          << golden.name;
    }
  }
}

// Tokens of branch `branch`, some of which differ from branch to branch.
std::vector<int32_t> BranchTokens(const GoldenCase& golden, int branch) {
  std::vector<int32_t> tokens = golden.greedy;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i % 3 == static_cast<size_t>(branch) % 3)
      tokens[i] = 4 + (tokens[i] + branch) % 60;
  }
  return tokens;
}

TEST_P(TextModelStep, BranchesDecodedTogetherEqualEachAlone) {
  constexpr int kBranches = 5, kSteps = 12;
  for (const GoldenCase& golden : golden_.cases) {
    Sequence together(*model_, golden);
    together.Append(golden.prompt);
    together.Fork(kBranches);
    std::vector<Sequence> alone;
    for (int branch = 0; branch < kBranches; ++branch) {
      alone.emplace_back(*model_, golden).Append(golden.prompt);
    }
    for (int step = 0; step < kSteps; ++step) {
      std::vector<int32_t> tokens;
      for (int branch = 0; branch < kBranches; ++branch) {
        tokens.push_back(BranchTokens(golden, branch)[step]);
      }
      StepGroup group = together.NextGroup(tokens);
      const StepLogits logits = RunStep(*model_, {&group, 1});
      together.Advance(group);
      ASSERT_EQ(logits.rows, kBranches);
      for (int branch = 0; branch < kBranches; ++branch) {
        const std::vector<float> single =
            alone[branch].Append({&tokens[branch], 1});
        EXPECT_LE(MaxDifference(logits.row(branch), single), kRounding)
            << golden.name;
      }
    }
  }
}

TEST_P(TextModelStep, BranchesThatAppendSeveralTokensAreCausal) {
  const GoldenCase& golden = golden_.cases.front();
  constexpr int kBranches = 3, kCount = 4;
  Sequence together(*model_, golden);
  together.Append(golden.prompt);
  together.Fork(kBranches);
  for (int round = 0; round < 2; ++round) {
    std::vector<int32_t> tokens;
    for (int branch = 0; branch < kBranches; ++branch) {
      const std::vector<int32_t> mine = BranchTokens(golden, branch);
      tokens.insert(tokens.end(), mine.begin() + round * kCount,
                    mine.begin() + (round + 1) * kCount);
    }
    StepGroup group = together.NextGroup(tokens);
    const StepLogits logits = RunStep(*model_, {&group, 1});
    together.Advance(group);
    for (int branch = 0; branch < kBranches; ++branch) {
      Sequence alone(*model_, golden);
      alone.Append(golden.prompt);
      const std::vector<int32_t> mine = BranchTokens(golden, branch);
      std::vector<float> single;
      for (int i = 0; i < (round + 1) * kCount; ++i)
        single = alone.Append({&mine[i], 1});
      EXPECT_LE(MaxDifference(logits.row(branch), single), kRounding);
    }
  }
}

TEST_P(TextModelStep, DroppedBranchesLeaveTheOthersAsTheyWere) {
  const GoldenCase& golden = golden_.cases.front();
  Sequence together(*model_, golden);
  together.Append(golden.prompt);
  together.Fork(5);
  std::vector<int> live = {0, 1, 2, 3, 4};
  std::vector<float> last;
  const auto step = [&](int at) {
    std::vector<int32_t> tokens;
    for (const int branch : live)
      tokens.push_back(BranchTokens(golden, branch)[at]);
    StepGroup group = together.NextGroup(tokens);
    const StepLogits logits = RunStep(*model_, {&group, 1});
    together.Advance(group);
    last = RowOf(logits, logits.rows - 1);
  };
  const auto drop = [&](int index) {
    together.own().Drop(index);
    live[index] = live.back();
    live.pop_back();
  };
  step(0);
  step(1);
  drop(0);
  step(2);
  drop(3);
  drop(1);
  step(3);
  const int64_t bytes = together.own().bytes();
  drop(0);
  EXPECT_LT(together.own().bytes(), bytes);
  step(4);
  ASSERT_EQ(live.size(), 1u);
  Sequence alone(*model_, golden);
  alone.Append(golden.prompt);
  std::vector<float> expected;
  for (int at = 0; at < 5; ++at)
    expected = alone.Append({&BranchTokens(golden, live[0])[at], 1});
  EXPECT_LE(MaxDifference(last, expected), kRounding);
}

TEST_P(TextModelStep, AnExtractedBranchContinuesAsAPrefix) {
  const GoldenCase& golden = golden_.cases.front();
  Sequence together(*model_, golden);
  together.Append(golden.prompt);
  together.Fork(3);
  std::vector<int32_t> tokens;
  const std::vector<int32_t> mine = BranchTokens(golden, 1);
  for (int branch = 0; branch < 3; ++branch) {
    const std::vector<int32_t> its = BranchTokens(golden, branch);
    tokens.insert(tokens.end(), its.begin(), its.begin() + 6);
  }
  StepGroup group = together.NextGroup(tokens);
  RunStep(*model_, {&group, 1});
  const auto front = together.own().Extract(1, 2);
  const auto back = together.own().Extract(1, 2, 4);
  EXPECT_EQ(front->bytes() + back->bytes(), 6 * model_->bytes_per_token());
  const auto own = model_->MakeKeyValues(1, 1);
  StepGroup next = together.NextGroup({&mine[6], 1});
  next.prefix.insert(next.prefix.end(), {front.get(), back.get()});
  next.own = own.get();
  next.position += 6;
  const StepLogits logits = RunStep(*model_, {&next, 1});
  Sequence alone(*model_, golden);
  alone.Append(golden.prompt);
  const std::vector<float> expected = alone.Append(std::span(mine).first(7));
  EXPECT_LE(MaxDifference(logits.row(0), expected), kRounding);
}

// Heads in front of <|image|>, prompts behind it and texts without a picture
// in one step, in an order that the model must sort.
TEST_P(TextModelStep, AMixedStepGivesEachGroupWhatItGetsAlone) {
  std::vector<Sequence> mixed, alone;
  std::vector<StepGroup> groups;
  std::vector<std::vector<int32_t>> tokens;
  for (size_t i = 0; i < 2 * golden_.cases.size(); ++i) {
    const GoldenCase& golden = golden_.cases[i % golden_.cases.size()];
    const bool is_head = i % 2 == 1 && golden.image_index > 0;
    const size_t size = is_head ? golden.image_index : golden.prompt.size();
    mixed.emplace_back(*model_, golden);
    alone.emplace_back(*model_, golden);
    tokens.emplace_back(golden.prompt.begin(), golden.prompt.begin() + size);
    if (!is_head && golden.image_index > 0) {
      mixed.back().Append(std::span(tokens.back()).first(golden.image_index));
      tokens.back().erase(tokens.back().begin(),
                          tokens.back().begin() + golden.image_index);
      alone.back().Append(std::span(golden.prompt).first(golden.image_index));
    }
  }
  std::vector<int> wanted;
  for (size_t i = 0; i < mixed.size(); ++i) {
    groups.push_back(mixed[i].NextGroup(tokens[i]));
    groups.back().want_logits = i % 3 != 2;
    if (groups.back().want_logits) wanted.push_back(static_cast<int>(i));
  }
  const StepLogits logits = RunStep(*model_, groups);
  ASSERT_EQ(logits.rows, static_cast<int>(wanted.size()));
  for (int row = 0; row < logits.rows; ++row) {
    const int i = wanted[row];
    EXPECT_LE(MaxDifference(logits.row(row), alone[i].Append(tokens[i])),
              kRounding)
        << i;
  }
}

TEST_P(TextModelStep, TheTilesOfAPictureCount) {
  const GoldenCase& golden = golden_.Case("tiles1");
  GoldenCase other = golden;
  for (size_t i = 0; i < other.features.size() / 8; ++i) other.features[i] += 1;
  Sequence a(*model_, golden), b(*model_, other);
  EXPECT_GT(MaxDifference(a.Append(golden.prompt), b.Append(golden.prompt)),
            1e-2);
}

INSTANTIATE_TEST_SUITE_P(Golden, TextModelStep,
                         testing::ValuesIn(GoldenNames()),
                         [](const auto& info) { return info.param; });

// ---- Refusals --------------------------------------------------------------

class TextModelRefuses : public testing::Test {
 protected:
  TextModelRefuses()
      : golden_(LoadGolden("three_tiles")),
        model_(LoadTextModel(golden_, DType::kFloat32)) {}

  void ExpectRefused(StepGroup group, const std::string& words) {
    const auto logits = model_->Step({&group, 1});
    EXPECT_EQ(logits.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(logits.status().message(), HasSubstr(words));
  }

  const GoldenModel golden_;
  const std::unique_ptr<TextModel> model_;
};

TEST_F(TextModelRefuses, StepsThatDoNotHoldTogether) {
  Sequence sequence(*model_, golden_.Case("text"));
  const std::vector<int32_t> token = {5};
  StepGroup group = sequence.NextGroup(token);
  group.token_ids = {5, -1};
  ExpectRefused(group, "token -1 is outside");
  group.token_ids = {108};
  ExpectRefused(group, "token 108 is outside the model's 108");
  group.token_ids = {};
  ExpectRefused(group, "tokens for each of its branches");
  group.token_ids = {5};
  group.own = nullptr;
  ExpectRefused(group, "tokens for each of its branches");
  const auto two = model_->MakeKeyValues(2, 1);
  group.own = two.get();
  ExpectRefused(group, "tokens for each of its branches");
  group = sequence.NextGroup(token);
  group.prefix = {two.get()};
  ExpectRefused(group, "one branch");
  EXPECT_LE(MaxDifference(sequence.Append(golden_.Case("text").prompt),
                          golden_.Case("text").LogitsAfter(12)),
            1e-4);
}

TEST_F(TextModelRefuses, FeaturesOfAnotherSize) {
  const std::string bytes(4 * 48 * 15 - 4, '\0');
  const auto image = model_->MakeImageKeyValues(bytes, DType::kFloat32, 3, 5);
  EXPECT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(image.status().message(), HasSubstr("15 rows of 192"));
}

TEST_F(TextModelRefuses, AnEmptyStepIsNone) {
  const auto logits = model_->Step({});
  ASSERT_TRUE(logits.ok());
  EXPECT_EQ(logits->rows, 0);
  EXPECT_EQ(logits->vocab_size, model_->vocab_size());
}

// A header of odd length moves every tensor off its natural alignment.
TEST(TextModel, TakesWeightsAtOddOffsets) {
  GoldenModel golden = LoadGolden("three_tiles");
  const ScratchDirectory scratch;
  scratch.CopyFrom(golden.directory);
  const std::string bytes = ReadFile(golden.directory + "/model.safetensors");
  size_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<uint8_t>(bytes[i]);
  scratch.Write("model.safetensors",
                SafetensorsBytes(bytes.substr(8, length) + " ",
                                 bytes.substr(8 + length)));
  golden.directory = scratch.path();
  const auto model = LoadTextModel(golden, DType::kFloat32);
  const GoldenCase& text = golden.Case("text");
  Sequence sequence(*model, text);
  EXPECT_LE(
      MaxDifference(sequence.Append(text.AllTokens()), text.logits.back()),
      1e-4);
}

TEST(TextModel, NamesADeviceThatIsNotThere) {
  const auto checkpoint = Checkpoint::Open(LoadGolden("three_tiles").directory);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const auto model = TextModel::Load(**checkpoint, {DType::kFloat32, "abacus"});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(model.status().message(), HasSubstr("device: "));
  EXPECT_THAT(model.status().message(), testing::Not(HasSubstr("\n")));
}

TEST(KeyValues, GrowByDoublingAndCountTheirBytes) {
  const auto model = LoadTextModel(LoadGolden("three_tiles"), DType::kBFloat16);
  // Two self layers of 4 heads, 12 wide, keys and values, two bytes each.
  EXPECT_EQ(model->bytes_per_token(), 2 * 2 * 4 * 12 * 2);
  const auto own = model->MakeKeyValues(1, 3);
  EXPECT_EQ(own->bytes(), 3 * model->bytes_per_token());
  for (const int capacity : {3, 3, 3, 6, 6, 6, 12}) {
    StepGroup group;
    group.own = own.get();
    group.token_ids = {7};
    group.position = own->length();
    RunStep(*model, {&group, 1});
    EXPECT_EQ(own->capacity(), capacity);
  }
  EXPECT_EQ(own->length(), 7);
  EXPECT_EQ(own->bytes(), 12 * model->bytes_per_token());
}

TEST(ImageKeyValues, FreeTheTilesThatAreNotKept) {
  const GoldenModel golden = LoadGolden("three_tiles");
  const auto model = LoadTextModel(golden, DType::kFloat32);
  const std::vector<float>& features = golden.Case("tiles2").features;
  const auto image =
      model->MakeImageKeyValues({reinterpret_cast<const char*>(features.data()),
                                 features.size() * sizeof(float)},
                                DType::kFloat32, 3, 5);
  ASSERT_TRUE(image.ok()) << image.status();
  const int64_t three_tiles = (*image)->bytes();
  EXPECT_EQ(three_tiles, int64_t{3} * 2 * 15 * 48 * 4);
  (*image)->KeepTiles(2);
  EXPECT_EQ((*image)->bytes(), three_tiles / 3 * 2);
}

}  // namespace
}  // namespace stagebeam::engine
