#ifndef STAGEBEAM_LIBS_KERNELS_AVX512_H_
#define STAGEBEAM_LIBS_KERNELS_AVX512_H_

#include <immintrin.h>

// For functions that use AVX-512 with bfloat16. Only they are compiled for it:
// the program itself runs on any x86-64, and asks IsSupported first.
#define STAGEBEAM_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

// Loops over registers: unrolled whole, or the array would live in memory.
#define STAGEBEAM_UNROLL _Pragma("GCC unroll 32")

#endif  // STAGEBEAM_LIBS_KERNELS_AVX512_H_
