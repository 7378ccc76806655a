#include "libs/engine/kernel_tensors.h"

#include <ATen/core/Tensor.h>

#include "libs/kernels/instruction_set.h"

namespace stagebeam::engine {

bool FitsKernels(const at::Tensor& x) {
  return kernels::BestInstructionSet() != kernels::InstructionSet::kNone &&
         x.scalar_type() == at::kBFloat16 && x.is_cpu() &&
         x.layout() == at::kStrided;
}

const kernels::BFloat16* Numbers(const at::Tensor& x) {
  return static_cast<const kernels::BFloat16*>(x.const_data_ptr());
}

kernels::BFloat16* MutableNumbers(at::Tensor& x) {
  return static_cast<kernels::BFloat16*>(x.mutable_data_ptr());
}

}  // namespace stagebeam::engine
