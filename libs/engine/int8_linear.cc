#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/zeros_like.h>

#include <optional>
#include <utility>

#include "libs/engine/linear_forms.h"

namespace stagebeam::engine {
namespace {

// Largest magnitude of a weight in 8 bits, as many below zero as above.
constexpr double kMost = 127;

std::optional<c10::OperatorHandle> Find(const char* name) {
  return c10::Dispatcher::singleton().findSchema({name, ""});
}

class Int8Linear final : public LinearForm {
 public:
  // `packed` is libtorch's own object.
  Int8Linear(c10::IValue packed, c10::OperatorHandle multiply)
      : packed_(std::move(packed)), multiply_(std::move(multiply)) {}

  at::Tensor Apply(const at::Tensor& x) const override {
    torch::jit::Stack stack{x.to(at::kFloat), packed_, /*reduce_range=*/false};
    multiply_.callBoxed(stack);
    return stack.front().toTensor().to(x.scalar_type());
  }

 private:
  const c10::IValue packed_;
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
  c10::IValue offset;
  if (bias != nullptr) offset = bias->to(at::kFloat);
  torch::jit::Stack stack{Quantize(*weight), std::move(offset)};
  pack->callBoxed(stack);
  return std::make_shared<Int8Linear>(std::move(stack.front()), *multiply);
}

}  // namespace stagebeam::engine
