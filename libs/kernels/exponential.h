#ifndef STAGEBEAM_LIBS_KERNELS_EXPONENTIAL_H_
#define STAGEBEAM_LIBS_KERNELS_EXPONENTIAL_H_

#include <array>
#include <cstddef>

// In the words of the set of instructions that was included first.
namespace stagebeam::kernels::STAGEBEAM_SET {

// 2^x to an ulp or two; x is taken as at least -126 and at most 127. Taylor's
// series on [-1/2, 1/2] around the nearest whole number.
STAGEBEAM_SIMD inline Floats PowerOfTwo(Floats x) {
  x = Smaller(Larger(x, Broadcast(-126)), Broadcast(127));
  const Floats whole = Whole(x);
  const Floats rest = x - whole;
  // (ln 2)^k / k!
  constexpr std::array<float, 7> kTerms = {1.0F,
                                           6.931471806e-1F,
                                           2.402265070e-1F,
                                           5.550410866e-2F,
                                           9.618129108e-3F,
                                           1.333355815e-3F,
                                           1.540353039e-4F};
  Floats power = Broadcast(kTerms[6]);
  STAGEBEAM_UNROLL
  for (int k = 5; k >= 0; --k)
    power = MultiplyAdd(power, rest, Broadcast(kTerms[static_cast<size_t>(k)]));
  return Scale(power, whole);
}

}  // namespace stagebeam::kernels::STAGEBEAM_SET

#endif  // STAGEBEAM_LIBS_KERNELS_EXPONENTIAL_H_
