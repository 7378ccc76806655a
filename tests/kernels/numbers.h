#ifndef STAGEBEAM_TESTS_KERNELS_NUMBERS_H_
#define STAGEBEAM_TESTS_KERNELS_NUMBERS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/instruction_set.h"

namespace stagebeam::kernels {

// What rounding once to bfloat16 may change, relative to the number.
constexpr double kRounding = 1.0 / 256;

// `count` numbers of a normal distribution, another draw for each seed.
std::vector<BFloat16> RandomNumbers(int64_t count, int seed);

// Tests of arithmetic, for each set of instructions that runs here.
class KernelTest : public testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (!Runs(GetParam())) GTEST_SKIP() << "not on this processor";
  }
};

// Instantiates a suite of such tests.
#define STAGEBEAM_FOR_EACH_SET(Suite)                                  \
  INSTANTIATE_TEST_SUITE_P(                                            \
      Sets, Suite,                                                     \
      testing::Values(InstructionSet::kAvx2, InstructionSet::kAvx512), \
      [](const auto& set) {                                            \
        return set.param == InstructionSet::kAvx2 ? "Avx2" : "Avx512"; \
      })

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_TESTS_KERNELS_NUMBERS_H_
