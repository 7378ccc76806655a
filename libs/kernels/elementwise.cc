#include "libs/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "libs/kernels/avx512.h"
#include "libs/kernels/exponential.h"

namespace stagebeam::kernels {
namespace {

constexpr int64_t kLanes = 16;
// Numbers below which another thread costs more than it helps.
constexpr int64_t kWorthThreads = int64_t{1} << 15;

STAGEBEAM_AVX512 inline __mmask16 Mask(int64_t left) {
  return static_cast<__mmask16>((uint32_t{1} << std::min(left, kLanes)) - 1);
}

STAGEBEAM_AVX512 inline __m512 Load(const BFloat16* from, __mmask16 mask) {
  const __m256i half = _mm256_maskz_loadu_epi16(mask, from);
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

STAGEBEAM_AVX512 inline void Store(__m512 x, BFloat16* to, __mmask16 mask) {
  _mm256_mask_storeu_epi16(to, mask, (__m256i)_mm512_cvtneps_pbh(x));
}

// As if stored and loaded again.
STAGEBEAM_AVX512 inline __m512 Round(__m512 x) {
  const __m256i half = (__m256i)_mm512_cvtneps_pbh(x);
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

STAGEBEAM_AVX512 inline __m512 Product(__m512 a, __m512 b) {
  return Round(_mm512_mul_ps(a, b));
}

STAGEBEAM_AVX512 float MeanSquare(const BFloat16* x, int64_t width) {
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < width; i += kLanes) {
    const __m512 v = Load(x + i, Mask(width - i));
    sum = _mm512_fmadd_ps(v, v, sum);
  }
  return _mm512_reduce_add_ps(sum) / static_cast<float>(width);
}

STAGEBEAM_AVX512 void NormRow(const BFloat16* x, const BFloat16* weight,
                              int64_t width, double epsilon, BFloat16* y) {
  const float scale =
      1 / std::sqrt(MeanSquare(x, width) + static_cast<float>(epsilon));
  for (int64_t i = 0; i < width; i += kLanes) {
    const __mmask16 mask = Mask(width - i);
    const __m512 scaled =
        Round(_mm512_mul_ps(Load(x + i, mask), _mm512_set1_ps(scale)));
    Store(_mm512_mul_ps(scaled, Load(weight + i, mask)), y + i, mask);
  }
}

STAGEBEAM_AVX512 void SiluSpan(const BFloat16* gate, const BFloat16* up,
                               int64_t size, BFloat16* y) {
  const __m512 one = _mm512_set1_ps(1);
  const __m512 log2e = _mm512_set1_ps(-1.442695041F);
  for (int64_t i = 0; i < size; i += kLanes) {
    const __mmask16 mask = Mask(size - i);
    const __m512 g = Load(gate + i, mask);
    const __m512 power = PowerOfTwo(_mm512_mul_ps(g, log2e));
    const __m512 silu = Round(_mm512_div_ps(g, _mm512_add_ps(one, power)));
    Store(_mm512_mul_ps(silu, Load(up + i, mask)), y + i, mask);
  }
}

STAGEBEAM_AVX512 void RotateHead(BFloat16* x, const BFloat16* cosines,
                                 const BFloat16* sines, int64_t half) {
  for (int64_t i = 0; i < half; i += kLanes) {
    const __mmask16 mask = Mask(half - i);
    const __m512 low = Load(x + i, mask), high = Load(x + half + i, mask);
    const __m512 cosine = Load(cosines + i, mask);
    const __m512 sine = Load(sines + i, mask);
    Store(_mm512_sub_ps(Product(low, cosine), Product(high, sine)), x + i,
          mask);
    Store(_mm512_add_ps(Product(high, cosine), Product(low, sine)),
          x + half + i, mask);
  }
}

}  // namespace

void RmsNorm(const BFloat16* x, const BFloat16* weight, int64_t rows,
             int64_t width, double epsilon, BFloat16* y) {
#pragma omp parallel for schedule(static) if (rows * width > kWorthThreads)
  for (int64_t r = 0; r < rows; ++r)
    NormRow(x + r * width, weight, width, epsilon, y + r * width);
}

void SiluMultiply(const BFloat16* gate, const BFloat16* up, int64_t size,
                  BFloat16* y) {
  constexpr int64_t kSpan = 4096;
#pragma omp parallel for schedule(static) if (size > kWorthThreads)
  for (int64_t i = 0; i < size; i += kSpan)
    SiluSpan(gate + i, up + i, std::min(kSpan, size - i), y + i);
}

void Rotate(BFloat16* x, const BFloat16* cosines, const BFloat16* sines,
            int64_t rows, int64_t heads, int64_t head_dim) {
  const int64_t half = head_dim / 2;
#pragma omp parallel for schedule(static) if (rows * heads * head_dim > \
                                              kWorthThreads)
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t h = 0; h < heads; ++h)
      RotateHead(x + (r * heads + h) * head_dim, cosines + r * half,
                 sines + r * half, half);
  }
}

}  // namespace stagebeam::kernels
