#include "libs/engine/rope.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include <numbers>

#include "libs/engine/kernel_tensors.h"
#include "libs/engine/placement.h"
#include "libs/kernels/elementwise.h"

namespace stagebeam::engine {
namespace {

// Llama 3.1's stretching by wave length: short waves stay, long ones are slowed
// by the factor, those between are blended.
at::Tensor Stretch(const at::Tensor& frequencies, const RopeConfig& config) {
  const double original = config.original_max_position_embeddings;
  const at::Tensor wave = frequencies.reciprocal().mul(2 * std::numbers::pi);
  const at::Tensor slow = frequencies.div(config.factor);
  const at::Tensor blend =
      wave.reciprocal()
          .mul(original)
          .sub(config.low_freq_factor)
          .div(config.high_freq_factor - config.low_freq_factor);
  const at::Tensor blended =
      slow.mul(blend.neg().add(1)).add(frequencies.mul(blend));
  const at::Tensor stretched =
      at::where(wave.gt(original / config.low_freq_factor), slow, blended);
  return at::where(wave.lt(original / config.high_freq_factor), frequencies,
                   stretched);
}

}  // namespace

Rope::Rope(const RopeConfig& config, int head_dim,
           const ModelPlacement& placement)
    : placement_(placement) {
  const at::Tensor exponent =
      at::arange(0, head_dim, 2, at::TensorOptions(at::kFloat)).div(head_dim);
  at::Tensor frequencies = at::pow(config.theta, exponent).reciprocal();
  if (config.is_llama3) frequencies = Stretch(frequencies, config);
  frequencies_ = std::make_shared<at::Tensor>(
      frequencies.to(at::Device(placement.device)));
}

at::Tensor Rope::Rotations(const std::vector<int64_t>& positions) const {
  const at::Tensor rows =
      PlaceIndices(positions, placement_).to(at::kFloat).view({-1, 1, 1});
  const at::Tensor angles = at::mul(rows, *frequencies_);
  const auto type =
      placement_.dtype == DType::kFloat32 ? at::kFloat : at::kBFloat16;
  return at::stack({angles.cos(), angles.sin()}).to(type);
}

at::Tensor Rotate(at::Tensor x, const at::Tensor& rotations) {
  const int64_t half = x.size(-1) / 2;
  if (FitsKernels(x) && x.is_contiguous() && rotations.is_contiguous()) {
    const kernels::BFloat16* const cosines = Numbers(rotations);
    kernels::Rotate(MutableNumbers(x), cosines, cosines + x.size(0) * half,
                    x.size(0), x.size(1), x.size(2));
    return x;
  }
  const at::Tensor low = x.narrow(-1, 0, half), high = x.narrow(-1, half, half);
  const at::Tensor cosine = rotations.select(0, 0),
                   sine = rotations.select(0, 1);
  return at::cat({at::mul(low, cosine).sub_(at::mul(high, sine)),
                  at::mul(high, cosine).add_(at::mul(low, sine))},
                 -1);
}

}  // namespace stagebeam::engine
