#ifndef STAGEBEAM_LIBS_ENGINE_KERNEL_TENSORS_H_
#define STAGEBEAM_LIBS_ENGINE_KERNEL_TENSORS_H_

#include <cstdint>

#include "libs/kernels/bfloat16.h"

namespace at {
class Tensor;
}

namespace stagebeam::engine {

// True where libs/kernels can work on `x`: bfloat16 in plain memory, on a
// processor that runs them.
bool FitsKernels(const at::Tensor& x);

// The numbers of a tensor that FitsKernels.
const kernels::BFloat16* Numbers(const at::Tensor& x);
kernels::BFloat16* MutableNumbers(at::Tensor& x);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_KERNEL_TENSORS_H_
