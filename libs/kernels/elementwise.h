#ifndef STAGEBEAM_LIBS_KERNELS_ELEMENTWISE_H_
#define STAGEBEAM_LIBS_KERNELS_ELEMENTWISE_H_

#include <cstdint>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/instruction_set.h"

// What a layer does to its rows between products, in one pass each. Every
// result is rounded to bfloat16 where the published model rounds it.
namespace stagebeam::kernels {

// y = weight * round(x / sqrt(mean(x^2) + epsilon)) for x and y [rows, width];
// weight [width]. The mean is fp32.
void RmsNorm(const BFloat16* x, const BFloat16* weight, int64_t rows,
             int64_t width, double epsilon, BFloat16* y,
             InstructionSet set = BestInstructionSet());

// y = round(silu(gate)) * up, silu(g) = g / (1 + e^-g); [size] each; y may be
// gate or up.
void SiluMultiply(const BFloat16* gate, const BFloat16* up, int64_t size,
                  BFloat16* y, InstructionSet set = BestInstructionSet());

// Rotary positions in place: in each head of x [rows, heads, head_dim] the
// pairs (i, i + head_dim / 2) turn by the row's angle i, given as cosines and
// sines [rows, head_dim / 2].
void Rotate(BFloat16* x, const BFloat16* cosines, const BFloat16* sines,
            int64_t rows, int64_t heads, int64_t head_dim,
            InstructionSet set = BestInstructionSet());

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_ELEMENTWISE_H_
