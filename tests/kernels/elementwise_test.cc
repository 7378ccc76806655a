#include "libs/kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "libs/kernels/softmax.h"
#include "tests/kernels/numbers.h"

namespace stagebeam::kernels {
namespace {

double At(const std::vector<BFloat16>& numbers, int64_t i) {
  return ToFloat(numbers[static_cast<size_t>(i)]);
}

class ElementwiseTest : public KernelTest {};

TEST_P(ElementwiseTest, RmsNormIsWithinTwoRoundings) {
  constexpr double kEpsilon = 1e-5;
  // The last one takes several threads.
  for (const auto& [rows, width] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 1}, {3, 15}, {2, 16}, {5, 130}, {40, 1000}}) {
    const auto x = RandomNumbers(rows * width, 1);
    const auto weight = RandomNumbers(width, 2);
    std::vector<BFloat16> y(x.size());
    RmsNorm(x.data(), weight.data(), rows, width, kEpsilon, y.data(),
            GetParam());
    for (int64_t r = 0; r < rows; ++r) {
      double squares = 0;
      for (int64_t i = 0; i < width; ++i)
        squares += std::pow(At(x, r * width + i), 2);
      const double scale =
          1 / std::sqrt(squares / static_cast<double>(width) + kEpsilon);
      for (int64_t i = 0; i < width; ++i) {
        const double want = At(weight, i) * At(x, r * width + i) * scale;
        EXPECT_NEAR(At(y, r * width + i), want,
                    2.1 * kRounding * std::abs(want));
      }
    }
  }
}

TEST_P(ElementwiseTest, SiluMultiplyIsWithinTwoRoundings) {
  for (const int64_t size : {1, 17, 4097, 40000}) {
    const auto gate = RandomNumbers(size, 1), up = RandomNumbers(size, 2);
    std::vector<BFloat16> y(gate.size());
    SiluMultiply(gate.data(), up.data(), size, y.data(), GetParam());
    for (int64_t i = 0; i < size; ++i) {
      const double g = At(gate, i);
      const double want = g / (1 + std::exp(-g)) * At(up, i);
      EXPECT_NEAR(At(y, i), want, 2.1 * kRounding * std::abs(want));
    }
  }
}

TEST_P(ElementwiseTest, SiluMultiplyTakesLargeGatesAndWorksInPlace) {
  std::vector<BFloat16> gate = {ToBFloat16(-300), ToBFloat16(-20),
                                ToBFloat16(0), ToBFloat16(300)};
  const std::vector<BFloat16> up(4, ToBFloat16(2));
  SiluMultiply(gate.data(), up.data(), 4, gate.data(), GetParam());
  EXPECT_NEAR(At(gate, 0), 0, 1e-30);
  EXPECT_NEAR(At(gate, 1), -8.24e-8, 1e-9);
  EXPECT_EQ(At(gate, 2), 0);
  EXPECT_EQ(At(gate, 3), 600);
}

TEST_P(ElementwiseTest, RotateTurnsPairsByTheRowsAngles) {
  constexpr int64_t kHeads = 3;
  for (const int64_t head_dim : {8, 32, 128}) {
    const int64_t rows = 5, half = head_dim / 2;
    const auto before = RandomNumbers(rows * kHeads * head_dim, 1);
    const auto cosines = RandomNumbers(rows * half, 2);
    const auto sines = RandomNumbers(rows * half, 3);
    auto x = before;
    Rotate(x.data(), cosines.data(), sines.data(), rows, kHeads, head_dim,
           GetParam());
    for (int64_t i = 0; i < rows * kHeads * half; ++i) {
      const int64_t head = i / half, pair = i % half;
      const int64_t angle = head / kHeads * half + pair;
      const int64_t at = head * head_dim + pair;
      const double low = At(before, at), high = At(before, at + half);
      const double c = At(cosines, angle), s = At(sines, angle);
      // Both products are rounded, and their sum.
      const double most = 2.1 * kRounding * (std::abs(low) + std::abs(high)) *
                          (std::abs(c) + std::abs(s));
      EXPECT_NEAR(At(x, at), low * c - high * s, most);
      EXPECT_NEAR(At(x, at + half), high * c + low * s, most);
    }
  }
}

TEST_P(ElementwiseTest, ARowsResultDoesNotDependOnTheOthers) {
  constexpr int64_t kRows = 300, kWidth = 130;
  const auto x = RandomNumbers(kRows * kWidth, 1);
  const auto weight = RandomNumbers(kWidth, 2);
  std::vector<BFloat16> whole(x.size()), single(kWidth);
  RmsNorm(x.data(), weight.data(), kRows, kWidth, 1e-5, whole.data(),
          GetParam());
  for (int64_t r = 0; r < kRows; r += 37) {
    RmsNorm(x.data() + r * kWidth, weight.data(), 1, kWidth, 1e-5,
            single.data(), GetParam());
    const auto first = whole.begin() + r * kWidth;
    EXPECT_EQ(single, std::vector<BFloat16>(first, first + kWidth));
  }
}

TEST_P(ElementwiseTest, ExponentialsAreWithinAFewUlps) {
  for (const int64_t size : {1, 7, 16, 17, 1000}) {
    std::vector<float> x, weights(static_cast<size_t>(size));
    for (const BFloat16 number : RandomNumbers(size, 1))
      x.push_back(4 * ToFloat(number));
    const float top = *std::max_element(x.begin(), x.end());
    const double sum =
        Exponentials(x.data(), size, top, 1.25F, weights.data(), GetParam());
    double want_sum = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = std::exp(1.25 * (double{x[i]} - top));
      EXPECT_NEAR(weights[i], want, 3e-6 * want);
      want_sum += want;
    }
    EXPECT_NEAR(sum, want_sum, 3e-6 * want_sum);
    EXPECT_EQ(sum,
              Exponentials(x.data(), size, top, 1.25F, nullptr, GetParam()));
  }
}

STAGEBEAM_FOR_EACH_SET(ElementwiseTest);

TEST(BFloat16Test, RoundsToNearestEven) {
  EXPECT_EQ(ToBFloat16(1.0F), 0x3f80);
  EXPECT_EQ(ToBFloat16(1.0F + 1.0F / 256), 0x3f80);
  EXPECT_EQ(ToBFloat16(1.0F + 3.0F / 256), 0x3f82);
  EXPECT_EQ(ToBFloat16(1.0F + 1.0F / 255), 0x3f81);
  EXPECT_EQ(ToFloat(ToBFloat16(-2.5F)), -2.5F);
  EXPECT_TRUE(std::isinf(ToFloat(ToBFloat16(3.4e38F))));
  EXPECT_TRUE(
      std::isnan(ToFloat(ToBFloat16(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace stagebeam::kernels
