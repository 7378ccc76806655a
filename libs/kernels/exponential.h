#ifndef STAGEBEAM_LIBS_KERNELS_EXPONENTIAL_H_
#define STAGEBEAM_LIBS_KERNELS_EXPONENTIAL_H_

#include <array>
#include <cstddef>

#include "libs/kernels/avx512.h"

namespace stagebeam::kernels {

// 2^x to an ulp or two, for each of 16 numbers; x is taken as at least -126 and
// at most 127. Taylor's series on [-1/2, 1/2] around the nearest whole number.
STAGEBEAM_AVX512 inline __m512 PowerOfTwo(__m512 x) {
  x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-126)),
                    _mm512_set1_ps(127));
  const __m512 whole =
      _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 rest = _mm512_sub_ps(x, whole);
  // (ln 2)^k / k!
  constexpr std::array<float, 7> kTerms = {1.0F,
                                           6.931471806e-1F,
                                           2.402265070e-1F,
                                           5.550410866e-2F,
                                           9.618129108e-3F,
                                           1.333355815e-3F,
                                           1.540353039e-4F};
  __m512 power = _mm512_set1_ps(kTerms[6]);
  STAGEBEAM_UNROLL
  for (int k = 5; k >= 0; --k) {
    power = _mm512_fmadd_ps(power, rest,
                            _mm512_set1_ps(kTerms[static_cast<size_t>(k)]));
  }
  return _mm512_scalef_ps(power, whole);
}

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_EXPONENTIAL_H_
