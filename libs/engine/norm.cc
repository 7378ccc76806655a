#include "libs/engine/norm.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>

#include <utility>

#include "libs/engine/kernel_tensors.h"
#include "libs/kernels/elementwise.h"

namespace stagebeam::engine {

RmsNorm::RmsNorm(Weight weight, double epsilon)
    : weight_(std::move(weight)), epsilon_(epsilon) {}

at::Tensor RmsNorm::Apply(const at::Tensor& x) const {
  if (FitsKernels(x) && x.is_contiguous()) {
    at::Tensor y = at::empty_like(x);
    kernels::RmsNorm(Numbers(x), Numbers(*weight_), x.numel() / x.size(-1),
                     x.size(-1), epsilon_, MutableNumbers(y));
    return y;
  }
  const at::Tensor u = x.to(at::kFloat);
  const at::Tensor scale =
      at::mean(at::mul(u, u), {-1}, true).add_(epsilon_).rsqrt_();
  return at::mul(*weight_, at::mul(u, scale).to(x.scalar_type()));
}

LayerNorm::LayerNorm(Weight weight, Weight bias, double epsilon)
    : weight_(std::move(weight)), bias_(std::move(bias)), epsilon_(epsilon) {}

at::Tensor LayerNorm::Apply(const at::Tensor& x) const {
  return at::layer_norm(x, weight_->sizes(), *weight_, *bias_, epsilon_);
}

}  // namespace stagebeam::engine
