#include <ATen/core/Tensor.h>
#include <ATen/ops/linear.h>

#include <utility>

#include "libs/engine/linear_forms.h"

namespace stagebeam::engine {
namespace {

class PlainLinear final : public LinearForm {
 public:
  PlainLinear(Weight weight, Weight bias)
      : weight_(std::move(weight)), bias_(std::move(bias)) {}

  at::Tensor Apply(const at::Tensor& x) const override {
    if (bias_ == nullptr) return at::linear(x, *weight_);
    return at::linear(x, *weight_, *bias_);
  }

 private:
  const Weight weight_;
  const Weight bias_;
};

}  // namespace

std::shared_ptr<const LinearForm> MakePlainLinear(Weight weight, Weight bias) {
  return std::make_shared<PlainLinear>(std::move(weight), std::move(bias));
}

}  // namespace stagebeam::engine
