#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "libs/engine/linear_forms.h"

namespace stagebeam::engine {
namespace {

// Largest magnitude of a weight in 8 bits, as many below zero as above.
constexpr double kMost = 127;

std::optional<c10::OperatorHandle> Find(const char* name) {
  return c10::Dispatcher::singleton().findSchema({name, ""});
}

// Largest magnitude of each row of x [rows, in]: [rows, 1].
at::Tensor Magnitudes(const at::Tensor& x) {
  return at::linalg_vector_norm(x, std::numeric_limits<double>::infinity(), {1},
                                /*keepdim=*/true)
      .clamp_min_(1e-30);
}

// x [rows, in] divided by its magnitudes, and one row more that holds -1 and 1.
at::Tensor Scale(const at::Tensor& x, const at::Tensor& magnitudes) {
  at::Tensor scaled = at::empty({x.size(0) + 1, x.size(1)}, x.options());
  at::Tensor rows = scaled.narrow(0, 0, x.size(0));
  at::div_out(rows, x, magnitudes);
  float* const last = scaled.mutable_data_ptr<float>() + x.numel();
  std::fill_n(last, x.size(1), 1.0F);
  *last = -1;
  return scaled;
}

// True where fbgemm adds neighbouring products in 16 bits (VPMADDUBSW), for
// which inputs must keep to 7 bits: on x86 without the dot product of AVX-512
// VNNI.
bool SumsSaturate() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vnni") == 0;
#else
  return false;
#endif
}

class Int8Linear final : public LinearForm {
 public:
  // `packed` is libtorch's own object.
  Int8Linear(c10::IValue packed, Weight bias, c10::OperatorHandle multiply)
      : packed_(std::move(packed)),
        bias_(std::move(bias)),
        multiply_(multiply) {}

  // libtorch takes one scale for all of x, so that a row would be rounded by
  // what stands beside it. Rows divided by their magnitudes, beside one that
  // spans [-1, 1], have the same scale always.
  at::Tensor Apply(const at::Tensor& x) const override {
    const at::Tensor rows = x.to(at::kFloat).reshape({-1, x.size(-1)});
    const at::Tensor magnitudes = Magnitudes(rows);
    at::Tensor y = Multiply(Scale(rows, magnitudes))
                       .narrow(0, 0, rows.size(0))
                       .mul_(magnitudes);
    if (bias_ != nullptr) y.add_(*bias_);
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = y.size(1);
    return y.to(x.scalar_type()).view(shape);
  }

 private:
  at::Tensor Multiply(at::Tensor x) const {
    torch::jit::Stack stack{std::move(x), packed_, SumsSaturate()};
    multiply_.callBoxed(stack);
    return stack.front().toTensor();
  }

  const c10::IValue packed_;
  const Weight bias_;
  const c10::OperatorHandle multiply_;
};

at::Tensor Quantize(const at::Tensor& weight) {
  const at::Tensor numbers = weight.to(at::kFloat).contiguous();
  const at::Tensor scales = at::amax(numbers.abs(), {1})
                                .clamp_min_(1e-12)
                                .div_(kMost)
                                .to(at::kDouble);
  return at::quantize_per_channel(
      numbers, scales, at::zeros_like(scales, at::kLong), 0, at::kQInt8);
}

}  // namespace

std::shared_ptr<const LinearForm> MakeInt8Linear(const Weight& weight,
                                                 const Weight& bias) {
  const auto pack = Find("quantized::linear_prepack");
  const auto multiply = Find("quantized::linear_dynamic");
  if (!weight->is_cpu() || !pack || !multiply) return nullptr;
  torch::jit::Stack stack{Quantize(*weight), /*bias=*/c10::IValue()};
  pack->callBoxed(stack);
  return std::make_shared<Int8Linear>(
      std::move(stack.front()),
      bias == nullptr
          ? nullptr
          : std::make_shared<const at::Tensor>(bias->to(at::kFloat)),
      *multiply);
}

}  // namespace stagebeam::engine
