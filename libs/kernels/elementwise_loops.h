#ifndef STAGEBEAM_LIBS_KERNELS_ELEMENTWISE_LOOPS_H_
#define STAGEBEAM_LIBS_KERNELS_ELEMENTWISE_LOOPS_H_

#include <algorithm>
#include <array>
#include <cmath>

#include "libs/kernels/exponential.h"
#include "libs/kernels/loops.h"

// In the words of the set of instructions that was included first.
namespace stagebeam::kernels::STAGEBEAM_SET {

STAGEBEAM_SIMD inline float MeanSquare(const BFloat16* x, int64_t width) {
  Floats sum = Broadcast(0);
  for (int64_t i = 0; i < width; i += kLanes) {
    const Floats v = Load(x + i, width - i);
    sum = MultiplyAdd(v, v, sum);
  }
  return SumOf(sum) / static_cast<float>(width);
}

STAGEBEAM_SIMD inline void NormRow(const BFloat16* x, const BFloat16* weight,
                                   int64_t width, double epsilon, BFloat16* y) {
  const Floats scale = Broadcast(
      1 / std::sqrt(MeanSquare(x, width) + static_cast<float>(epsilon)));
  for (int64_t i = 0; i < width; i += kLanes) {
    const Floats scaled = Round(Load(x + i, width - i) * scale);
    Store(scaled * Load(weight + i, width - i), y + i, width - i);
  }
}

STAGEBEAM_SIMD inline void SiluSpan(const BFloat16* gate, const BFloat16* up,
                                    int64_t size, BFloat16* y) {
  for (int64_t i = 0; i < size; i += kLanes) {
    const Floats g = Load(gate + i, size - i);
    // e^-g.
    const Floats power = PowerOfTwo(g * Broadcast(-1.442695041F));
    const Floats silu = Round(g / (Broadcast(1) + power));
    Store(silu * Load(up + i, size - i), y + i, size - i);
  }
}

STAGEBEAM_SIMD inline void RotateHead(BFloat16* x, const BFloat16* cosines,
                                      const BFloat16* sines, int64_t half) {
  for (int64_t i = 0; i < half; i += kLanes) {
    const int64_t left = half - i;
    const Floats low = Load(x + i, left), high = Load(x + half + i, left);
    const Floats cosine = Load(cosines + i, left);
    const Floats sine = Load(sines + i, left);
    Store(Round(low * cosine) - Round(high * sine), x + i, left);
    Store(Round(high * cosine) + Round(low * sine), x + half + i, left);
  }
}

STAGEBEAM_SIMD inline float ExponentialSpan(const float* x, int64_t size,
                                            float top, float scale,
                                            float* weights) {
  const Floats shift = Broadcast(top);
  // To powers of two.
  const Floats factor = Broadcast(scale * 1.442695041F);
  Floats sum = Broadcast(0);
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const Floats weight = PowerOfTwo((Load(x + i) - shift) * factor);
    if (weights != nullptr) Store(weight, weights + i);
    sum = sum + weight;
  }
  if (i == size) return SumOf(sum);
  std::array<float, kLanes> rest;
  rest.fill(top);
  std::copy_n(x + i, size - i, rest.data());
  const Floats weight = PowerOfTwo((Load(rest.data()) - shift) * factor);
  Store(weight, rest.data());
  if (weights != nullptr) std::copy_n(rest.data(), size - i, weights + i);
  return SumOf(sum + First(size - i, weight, Broadcast(0)));
}

}  // namespace stagebeam::kernels::STAGEBEAM_SET

#endif  // STAGEBEAM_LIBS_KERNELS_ELEMENTWISE_LOOPS_H_
