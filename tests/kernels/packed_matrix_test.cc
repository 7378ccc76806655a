#include "libs/kernels/packed_matrix.h"

#include <cmath>
#include <vector>

#include "tests/kernels/numbers.h"

namespace stagebeam::kernels {
namespace {

// One product and what it should be, row-major [rows, outputs].
struct Product {
  int64_t outputs, inputs, rows;
  bool has_bias;
  std::vector<BFloat16> weight, bias, x;

  Product(int64_t out, int64_t in, int64_t row_count, bool with_bias)
      : outputs(out),
        inputs(in),
        rows(row_count),
        has_bias(with_bias),
        weight(RandomNumbers(out * in, 1)),
        bias(RandomNumbers(out, 2)),
        x(RandomNumbers(row_count * in, 3)) {}

  std::shared_ptr<const PackedMatrix> Pack(InstructionSet set) const {
    HugePages pages;
    return PackedMatrix::Pack(weight.data(), outputs, inputs, pages, set);
  }

  // Rows [begin, end) alone.
  std::vector<BFloat16> ResultOf(const PackedMatrix& matrix, int64_t begin,
                                 int64_t end) const {
    std::vector<BFloat16> y(static_cast<size_t>((end - begin) * outputs));
    matrix.Multiply(x.data() + begin * inputs, end - begin,
                    has_bias ? bias.data() : nullptr, y.data());
    return y;
  }

  // Of one number: its value, and the sum of magnitudes that made it.
  void ExpectNear(int64_t r, int64_t o, BFloat16 result) const {
    const BFloat16* const w = weight.data() + o * inputs;
    const BFloat16* const row = x.data() + r * inputs;
    double sum = has_bias ? ToFloat(bias[static_cast<size_t>(o)]) : 0;
    double magnitude = std::abs(sum);
    for (int64_t i = 0; i < inputs; ++i) {
      const double term = double{ToFloat(w[i])} * ToFloat(row[i]);
      sum += term;
      magnitude += std::abs(term);
    }
    // One rounding of the result, and fp32 sums.
    EXPECT_NEAR(ToFloat(result), sum,
                kRounding * std::abs(sum) + 1e-6 * magnitude)
        << "row " << r << ", output " << o << " of " << rows << " x " << outputs
        << " x " << inputs;
  }
};

void ExpectRight(const Product& product, InstructionSet set) {
  const std::vector<BFloat16> y =
      product.ResultOf(*product.Pack(set), 0, product.rows);
  for (int64_t r = 0; r < product.rows; ++r) {
    for (int64_t o = 0; o < product.outputs; ++o)
      product.ExpectNear(r, o, y[static_cast<size_t>(r * product.outputs + o)]);
  }
}

class PackedMatrixTest : public KernelTest {};

TEST_P(PackedMatrixTest, EveryNumberOfRowsIsWithinOneRounding) {
  for (int64_t rows = 1; rows <= 13; ++rows)
    ExpectRight(Product(96, 130, rows, rows % 2 == 0), GetParam());
}

TEST_P(PackedMatrixTest, OutputsNeedNotFillABlock) {
  for (const int64_t outputs : {1, 31, 33, 65, 100})
    ExpectRight(Product(outputs, 66, 5, outputs % 2 == 0), GetParam());
}

TEST_P(PackedMatrixTest, InputsMayBeTwo) {
  ExpectRight(Product(40, 2, 3, true), GetParam());
}

TEST_P(PackedMatrixTest, MoreRowsThanOneChunkAreRight) {
  for (const int64_t rows : {384, 385})
    ExpectRight(Product(70, 64, rows, rows % 2 == 0), GetParam());
}

TEST_P(PackedMatrixTest, ARowsResultDoesNotDependOnTheOthers) {
  const Product product(200, 514, 400, true);
  const auto matrix = product.Pack(GetParam());
  const std::vector<BFloat16> whole = product.ResultOf(*matrix, 0, 400);
  for (const int64_t size : {1, 2, 7, 12, 13, 64, 385}) {
    for (int64_t begin = 0; begin + size <= 400; begin += size + 61) {
      const auto first = whole.begin() + begin * product.outputs;
      EXPECT_EQ(product.ResultOf(*matrix, begin, begin + size),
                std::vector<BFloat16>(first, first + size * product.outputs))
          << size << " rows from " << begin;
    }
  }
}

TEST_P(PackedMatrixTest, WritesNothingBehindItsResult) {
  const Product product(33, 64, 3, false);
  const auto matrix = product.Pack(GetParam());
  constexpr BFloat16 kMark = 0x1234;
  std::vector<BFloat16> y(3 * 33 + 64, kMark);
  matrix->Multiply(product.x.data(), 3, nullptr, y.data());
  EXPECT_EQ(std::vector<BFloat16>(y.begin() + 3 * 33, y.end()),
            std::vector<BFloat16>(64, kMark));
}

STAGEBEAM_FOR_EACH_SET(PackedMatrixTest);

}  // namespace
}  // namespace stagebeam::kernels
