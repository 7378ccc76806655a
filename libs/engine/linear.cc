#include "libs/engine/linear.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/linear.h>

#include <utility>

namespace stagebeam::engine {

Linear::Linear(Weight weight, Weight bias)
    : weight_(std::move(weight)), bias_(std::move(bias)) {}

at::Tensor Linear::Apply(const at::Tensor& x) const {
  if (bias_ == nullptr) return at::linear(x, *weight_);
  return at::linear(x, *weight_, *bias_);
}

}  // namespace stagebeam::engine
