#ifndef STAGEBEAM_TESTS_KERNELS_NUMBERS_H_
#define STAGEBEAM_TESTS_KERNELS_NUMBERS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "libs/kernels/bfloat16.h"

namespace stagebeam::kernels {

// What rounding once to bfloat16 may change, relative to the number.
constexpr double kRounding = 1.0 / 256;

// `count` numbers of a normal distribution, another draw for each seed.
std::vector<BFloat16> RandomNumbers(int64_t count, int seed);

// Tests of arithmetic that the processor may not have.
class KernelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsSupported()) GTEST_SKIP() << "no AVX-512 with bfloat16 here";
  }
};

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_TESTS_KERNELS_NUMBERS_H_
