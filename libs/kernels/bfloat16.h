#ifndef STAGEBEAM_LIBS_KERNELS_BFLOAT16_H_
#define STAGEBEAM_LIBS_KERNELS_BFLOAT16_H_

#include <bit>
#include <cstdint>

// Inner loops in bfloat16 for the processors of instruction_set.h. They see
// plain memory only; the engine decides where to use them.
namespace stagebeam::kernels {

// The upper half of an IEEE single: 8 bits of exponent, 7 of mantissa.
using BFloat16 = uint16_t;

inline float ToFloat(BFloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

// Rounds to nearest, ties to even. NaN stays NaN.
inline BFloat16 ToBFloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return static_cast<BFloat16>((bits >> 16) | 0x40u);
  return static_cast<BFloat16>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_BFLOAT16_H_
