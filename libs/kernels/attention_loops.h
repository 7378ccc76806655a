#ifndef STAGEBEAM_LIBS_KERNELS_ATTENTION_LOOPS_H_
#define STAGEBEAM_LIBS_KERNELS_ATTENTION_LOOPS_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "libs/kernels/attention_tile.h"
#include "libs/kernels/exponential.h"
#include "libs/kernels/loops.h"

// In the words of the set of instructions that was included first.
namespace stagebeam::kernels::STAGEBEAM_SET {

STAGEBEAM_SIMD inline RowUpdate WeighRow(const float* scores, int64_t length,
                                         int64_t visible, float scale,
                                         float maximum, BFloat16* weights) {
  const Floats lowest = Broadcast(-std::numeric_limits<float>::max());
  const Floats factor = Broadcast(scale);
  Floats most = Broadcast(maximum);
  for (int64_t t = 0; t < visible; t += kLanes)
    most = Larger(most, First(visible - t, Load(scores + t) * factor, lowest));
  RowUpdate update{LargestOf(most), 0, 0};
  const Floats top = Broadcast(update.maximum);
  Floats sum = Broadcast(0);
  for (int64_t t = 0; t < (length + 15) / 16 * 16; t += kLanes) {
    const Floats power = PowerOfTwo(Load(scores + t) * factor - top);
    const Floats weight =
        First(std::max<int64_t>(visible - t, 0), power, Broadcast(0));
    sum = sum + weight;
    Store(weight, weights + t, kLanes);
  }
  update.added = SumOf(sum);
  update.shrink = std::exp2(maximum - update.maximum);
  return update;
}

STAGEBEAM_SIMD inline void ShrinkRow(float* row, int64_t size, float factor) {
  for (int64_t i = 0; i < size; i += kLanes)
    Store(Load(row + i) * Broadcast(factor), row + i);
}

using DotFunction = void (*)(const DotArgs&);

// Columns that a dot function makes at a time.
constexpr int64_t kDotColumns = 16;

// Any number of rows and columns by functions for 1 to `kMost` rows.
template <size_t kMost>
void DotBy(const std::array<DotFunction, kMost>& dots, const DotArgs& d,
           int64_t rows, int64_t columns) {
  constexpr auto kMostRows = static_cast<int64_t>(kMost);
  for (int64_t c = 0; c < columns; c += kDotColumns) {
    for (int64_t r = 0; r < rows; r += kMostRows) {
      DotArgs part = d;
      part.a += r * d.a_stride;
      part.b += 2 * c;
      part.c += r * d.c_stride + c;
      dots[static_cast<size_t>(std::min(kMostRows, rows - r) - 1)](part);
    }
  }
}

// The pair of numbers at `from`, as one lane.
inline int32_t PairAt(const BFloat16* from) {
  int32_t pair;
  std::memcpy(&pair, from, sizeof(pair));
  return pair;
}

}  // namespace stagebeam::kernels::STAGEBEAM_SET

#endif  // STAGEBEAM_LIBS_KERNELS_ATTENTION_LOOPS_H_
