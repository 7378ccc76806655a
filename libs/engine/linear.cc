#include "libs/engine/linear.h"

#include <ATen/core/Tensor.h>

namespace stagebeam::engine {

at::Tensor Linear::Apply(const at::Tensor& x) const { return form_->Apply(x); }

}  // namespace stagebeam::engine
