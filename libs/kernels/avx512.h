#ifndef STAGEBEAM_LIBS_KERNELS_AVX512_H_
#define STAGEBEAM_LIBS_KERNELS_AVX512_H_

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "libs/kernels/bfloat16.h"

// The vocabulary of AVX-512 with bfloat16, in the words of avx2.h. A source
// includes one of the two, then the loops that are written in it.
#define STAGEBEAM_SET avx512
// For functions that use the set. Only they are compiled for it: the program
// itself runs on any x86-64, and asks Runs() first.
#define STAGEBEAM_SIMD \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
// Loops over registers: unrolled whole, or the array would live in memory.
#define STAGEBEAM_UNROLL _Pragma("GCC unroll 32")

namespace stagebeam::kernels::avx512 {

using Floats = __m512;
constexpr int64_t kLanes = 16;

STAGEBEAM_SIMD inline __mmask16 Mask(int64_t count) {
  return static_cast<__mmask16>(
      (uint32_t{1} << std::clamp<int64_t>(count, 0, kLanes)) - 1);
}

STAGEBEAM_SIMD inline Floats Broadcast(float x) { return _mm512_set1_ps(x); }

STAGEBEAM_SIMD inline Floats Load(const float* from) {
  return _mm512_loadu_ps(from);
}

STAGEBEAM_SIMD inline void Store(Floats x, float* to) {
  _mm512_storeu_ps(to, x);
}

STAGEBEAM_SIMD inline Floats Widen(__m256i halves) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

// The first `count` numbers, of which there may be more than lanes; zeros
// behind.
STAGEBEAM_SIMD inline Floats Load(const BFloat16* from, int64_t count) {
  return Widen(_mm256_maskz_loadu_epi16(Mask(count), from));
}

// Stores the first `count`, rounded to nearest even.
STAGEBEAM_SIMD inline void Store(Floats x, BFloat16* to, int64_t count) {
  _mm256_mask_storeu_epi16(to, Mask(count), (__m256i)_mm512_cvtneps_pbh(x));
}

// As if stored and loaded again.
STAGEBEAM_SIMD inline Floats Round(Floats x) {
  return Widen((__m256i)_mm512_cvtneps_pbh(x));
}

// a * b + c.
STAGEBEAM_SIMD inline Floats MultiplyAdd(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a, b, c);
}

STAGEBEAM_SIMD inline Floats Larger(Floats a, Floats b) {
  return _mm512_max_ps(a, b);
}

STAGEBEAM_SIMD inline Floats Smaller(Floats a, Floats b) {
  return _mm512_min_ps(a, b);
}

// The first `count` of x, then of `rest`.
STAGEBEAM_SIMD inline Floats First(int64_t count, Floats x, Floats rest) {
  return _mm512_mask_mov_ps(rest, Mask(count), x);
}

STAGEBEAM_SIMD inline float SumOf(Floats x) { return _mm512_reduce_add_ps(x); }
STAGEBEAM_SIMD inline float LargestOf(Floats x) {
  return _mm512_reduce_max_ps(x);
}

STAGEBEAM_SIMD inline Floats Whole(Floats x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// x * 2^exponent for a whole exponent from -126 to 127.
STAGEBEAM_SIMD inline Floats Scale(Floats x, Floats exponent) {
  return _mm512_scalef_ps(x, exponent);
}

}  // namespace stagebeam::kernels::avx512

#endif  // STAGEBEAM_LIBS_KERNELS_AVX512_H_
