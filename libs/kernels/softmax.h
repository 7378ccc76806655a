#ifndef STAGEBEAM_LIBS_KERNELS_SOFTMAX_H_
#define STAGEBEAM_LIBS_KERNELS_SOFTMAX_H_

#include <cstdint>

#include "libs/kernels/instruction_set.h"

namespace stagebeam::kernels {

// weights[i] = e^((x[i] - top) * scale), to an ulp or two, for x and weights
// [size]; returns their sum. `top` is the largest of x, and scale >= 0. What is
// smaller than 2^-126 becomes 2^-126, minus infinity too; x must hold no NaN.
// `weights` may be null. With kNone, which any processor runs, by the C
// library, and to zero where it rounds to that.
double Exponentials(const float* x, int64_t size, float top, float scale,
                    float* weights, InstructionSet set = BestInstructionSet());

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_SOFTMAX_H_
