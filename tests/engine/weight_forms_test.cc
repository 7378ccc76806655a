#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "libs/kernels/instruction_set.h"
#include "tests/engine/engine_world.h"
#include "tests/engine/golden.h"
#include "tests/engine/sequence.h"

namespace stagebeam::engine {
namespace {

// ---- Eight bits ------------------------------------------------------------

// Logits behind each greedy step of every case of the reference checkpoint.
std::vector<std::vector<float>> GreedyLogits(const GoldenModel& golden,
                                             WeightForm weights) {
  const auto model = LoadTextModel(golden, DType::kBFloat16, weights);
  std::vector<std::vector<float>> rows;
  for (const GoldenCase& one : golden.cases) {
    Sequence sequence(*model, one);
    rows.push_back(sequence.Append(one.prompt));
    for (const int32_t& token : one.greedy)
      rows.push_back(sequence.Append({&token, 1}));
  }
  return rows;
}

// Standard deviation of a row's numbers, or of the difference of two rows.
double Spread(const std::vector<float>& row) {
  double sum = 0, squares = 0;
  for (const double x : row) {
    sum += x;
    squares += x * x;
  }
  const auto n = static_cast<double>(row.size());
  return std::sqrt(squares / n - sum / n * (sum / n));
}

int64_t Likeliest(const std::vector<float>& logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

TEST(Int8Weights, ShiftLogitsByLittleAndKeepTheLikeliestToken) {
  const GoldenModel golden = LoadGolden("reference");
  const auto exact = GreedyLogits(golden, WeightForm::kPacked);
  const auto rounded = GreedyLogits(golden, WeightForm::kInt8);
  double worst = 0, sum = 0;
  int same = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    std::vector<float> shift = rounded[i];
    for (size_t j = 0; j < shift.size(); ++j) shift[j] -= exact[i][j];
    const double share = Spread(shift) / Spread(exact[i]);
    worst = std::max(worst, share);
    sum += share;
    same += Likeliest(exact[i]) == Likeliest(rounded[i]) ? 1 : 0;
  }
  const double mean = sum / static_cast<double>(exact.size());
  RecordProperty("mean_shift", std::to_string(mean));
  RecordProperty("worst_shift", std::to_string(worst));
  RecordProperty("same_likeliest",
                 std::to_string(same) + " of " + std::to_string(exact.size()));
  // Not nothing, or the weights were not rounded at all.
  EXPECT_GT(mean, 1e-3);
  EXPECT_LT(mean, 0.05);
  EXPECT_LT(worst, 0.25);
  EXPECT_GE(same, static_cast<int>(0.95 * static_cast<double>(exact.size())));
}

// ---- Rows that do not know of each other -----------------------------------

// Where all arithmetic of bfloat16 runs in libs/kernels.
bool HasKernels() {
#if defined(__x86_64__)
  return kernels::BestInstructionSet() != kernels::InstructionSet::kNone &&
         !kernels::HasMatrixUnit();
#else
  return false;
#endif
}

class BitEqualRows : public testing::TestWithParam<WeightForm> {
 protected:
  BitEqualRows()
      : golden_(LoadGolden("reference")),
        model_(LoadTextModel(golden_, DType::kBFloat16, GetParam())) {}

  void SetUp() override {
    if (!HasKernels()) GTEST_SKIP() << "rounding may depend on other rows here";
  }

  const GoldenModel golden_;
  const std::unique_ptr<TextModel> model_;
};

TEST_P(BitEqualRows, ChunksAndSegmentsChangeNoBit) {
  std::mt19937 random(11);
  for (const GoldenCase& golden : golden_.cases) {
    const std::vector<int32_t> tokens = golden.AllTokens();
    const std::vector<float> whole = Sequence(*model_, golden).Append(tokens);
    for (int round = 0; round < 4; ++round) {
      Sequence sequence(*model_, golden);
      std::vector<float> logits;
      for (size_t at = 0; at < tokens.size();) {
        const size_t size =
            std::min<size_t>(1 + random() % 19, tokens.size() - at);
        logits = sequence.Append(std::span(tokens).subspan(at, size));
        if (random() % 2 == 0) sequence.Seal();
        at += size;
      }
      EXPECT_EQ(logits, whole) << golden.name;
    }
  }
}

TEST_P(BitEqualRows, ABranchInABatchEqualsTheBranchAlone) {
  constexpr int kBranches = 7;
  for (const GoldenCase& golden : golden_.cases) {
    Sequence together(*model_, golden);
    together.Append(golden.prompt);
    together.Fork(kBranches);
    std::vector<Sequence> alone;
    for (int branch = 0; branch < kBranches; ++branch)
      alone.emplace_back(*model_, golden).Append(golden.prompt);
    for (int step = 0; step < 6; ++step) {
      std::vector<int32_t> tokens;
      for (int branch = 0; branch < kBranches; ++branch)
        tokens.push_back(100 + 31 * branch + 7 * step);
      StepGroup group = together.NextGroup(tokens);
      const StepLogits logits = RunStep(*model_, {&group, 1});
      together.Advance(group);
      for (int branch = 0; branch < kBranches; ++branch) {
        EXPECT_EQ(RowOf(logits, branch),
                  alone[branch].Append({&tokens[branch], 1}))
            << golden.name;
      }
    }
  }
}

TEST_P(BitEqualRows, EightBranchesAnswerAsEightCallsOfOne) {
  EngineOptions options = ReferenceOptions();
  options.dtype = DType::kBFloat16;
  options.weights = GetParam();
  const auto engine = LoadEngine(options);
  options.prefill_chunk = 7;
  const auto other = LoadEngine(options);
  const GenerateCall call = Ask(*engine, "How many circles are there?",
                                RandomImage(*engine, 1), 8, 48);
  const auto together = TokensOf(MustGenerate(*engine, call));
  for (int i = 0; i < 8; ++i) {
    GenerateCall one = call;
    one.prompts.front().branch_count = 1;
    one.prompts.front().first_stream = i;
    EXPECT_EQ(TokensOf(MustGenerate(*other, one)).front(), together[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, BitEqualRows,
                         testing::Values(WeightForm::kPacked,
                                         WeightForm::kInt8),
                         [](const auto& info) {
                           return std::string(NameOf(info.param));
                         });

}  // namespace
}  // namespace stagebeam::engine
