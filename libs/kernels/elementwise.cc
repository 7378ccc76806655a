#include "libs/kernels/elementwise.h"

#include <algorithm>

#include "libs/kernels/loops.h"

namespace stagebeam::kernels {
namespace {

// Numbers below which another thread costs more than it helps.
constexpr int64_t kWorthThreads = int64_t{1} << 15;

}  // namespace

void RmsNorm(const BFloat16* x, const BFloat16* weight, int64_t rows,
             int64_t width, double epsilon, BFloat16* y, InstructionSet set) {
  const ElementwiseLoops& loops = LoopsOf(set).elementwise;
#pragma omp parallel for schedule(static) if (rows * width > kWorthThreads)
  for (int64_t r = 0; r < rows; ++r)
    loops.norm(x + r * width, weight, width, epsilon, y + r * width);
}

void SiluMultiply(const BFloat16* gate, const BFloat16* up, int64_t size,
                  BFloat16* y, InstructionSet set) {
  constexpr int64_t kSpan = 4096;
  const ElementwiseLoops& loops = LoopsOf(set).elementwise;
#pragma omp parallel for schedule(static) if (size > kWorthThreads)
  for (int64_t i = 0; i < size; i += kSpan)
    loops.silu(gate + i, up + i, std::min(kSpan, size - i), y + i);
}

void Rotate(BFloat16* x, const BFloat16* cosines, const BFloat16* sines,
            int64_t rows, int64_t heads, int64_t head_dim, InstructionSet set) {
  const int64_t half = head_dim / 2;
  const ElementwiseLoops& loops = LoopsOf(set).elementwise;
#pragma omp parallel for schedule(static) if (rows * heads * head_dim > \
                                              kWorthThreads)
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t h = 0; h < heads; ++h)
      loops.rotate(x + (r * heads + h) * head_dim, cosines + r * half,
                   sines + r * half, half);
  }
}

}  // namespace stagebeam::kernels
