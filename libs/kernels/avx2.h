#ifndef STAGEBEAM_LIBS_KERNELS_AVX2_H_
#define STAGEBEAM_LIBS_KERNELS_AVX2_H_

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "libs/kernels/bfloat16.h"

// The vocabulary of AVX2 with fused multiply-add, in the words of avx512.h,
// which says what they mean.
#define STAGEBEAM_SET avx2
#define STAGEBEAM_SIMD __attribute__((target("avx2,fma")))
#define STAGEBEAM_UNROLL _Pragma("GCC unroll 32")

namespace stagebeam::kernels::avx2 {

using Floats = __m256;
constexpr int64_t kLanes = 8;

STAGEBEAM_SIMD inline Floats Broadcast(float x) { return _mm256_set1_ps(x); }

STAGEBEAM_SIMD inline Floats Load(const float* from) {
  return _mm256_loadu_ps(from);
}

STAGEBEAM_SIMD inline void Store(Floats x, float* to) {
  _mm256_storeu_ps(to, x);
}

STAGEBEAM_SIMD inline Floats Widen(__m128i halves) {
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

// Rounds as ToBFloat16 does, in the lower half of each lane.
STAGEBEAM_SIMD inline __m256i RoundedBits(Floats x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd =
      _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i up = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, up), 16);
  const __m256i quiet =
      _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(0x40));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(rounded, quiet, is_nan);
}

STAGEBEAM_SIMD inline __m128i Narrow(Floats x) {
  const __m256i bits = RoundedBits(x);
  const __m256i packed = _mm256_packus_epi32(bits, bits);
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}

STAGEBEAM_SIMD inline Floats Load(const BFloat16* from, int64_t count) {
  if (count >= kLanes)
    return Widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  alignas(16) std::array<BFloat16, kLanes> some{};
  std::copy_n(from, count, some.data());
  return Widen(_mm_load_si128(reinterpret_cast<const __m128i*>(some.data())));
}

STAGEBEAM_SIMD inline void Store(Floats x, BFloat16* to, int64_t count) {
  if (count >= kLanes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), Narrow(x));
    return;
  }
  alignas(16) std::array<BFloat16, kLanes> all;
  _mm_store_si128(reinterpret_cast<__m128i*>(all.data()), Narrow(x));
  std::copy_n(all.data(), std::max<int64_t>(count, 0), to);
}

STAGEBEAM_SIMD inline Floats Round(Floats x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(RoundedBits(x), 16));
}

STAGEBEAM_SIMD inline Floats MultiplyAdd(Floats a, Floats b, Floats c) {
  return _mm256_fmadd_ps(a, b, c);
}

STAGEBEAM_SIMD inline Floats Larger(Floats a, Floats b) {
  return _mm256_max_ps(a, b);
}

STAGEBEAM_SIMD inline Floats Smaller(Floats a, Floats b) {
  return _mm256_min_ps(a, b);
}

STAGEBEAM_SIMD inline Floats First(int64_t count, Floats x, Floats rest) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const auto all = static_cast<int>(std::min(count, kLanes));
  const __m256i is_first = _mm256_cmpgt_epi32(_mm256_set1_epi32(all), lanes);
  return _mm256_blendv_ps(rest, x, _mm256_castsi256_ps(is_first));
}

STAGEBEAM_SIMD inline float SumOf(Floats x) {
  __m128 sum =
      _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

STAGEBEAM_SIMD inline float LargestOf(Floats x) {
  __m128 most =
      _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  most = _mm_max_ps(most, _mm_movehl_ps(most, most));
  return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}

STAGEBEAM_SIMD inline Floats Whole(Floats x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

STAGEBEAM_SIMD inline Floats Scale(Floats x, Floats exponent) {
  const __m256i biased =
      _mm256_add_epi32(_mm256_cvtps_epi32(exponent), _mm256_set1_epi32(127));
  return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23)));
}

}  // namespace stagebeam::kernels::avx2

#endif  // STAGEBEAM_LIBS_KERNELS_AVX2_H_
