#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <utility>

#include "libs/engine/linear_forms.h"

namespace stagebeam::engine {
namespace {

// libtorch has no header for these two: they are found by name.
using Reorder = at::Tensor(const at::Tensor&, std::optional<c10::SymInt>);
using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&,
                             const std::optional<at::Tensor>&, c10::string_view,
                             c10::List<std::optional<at::Scalar>>,
                             std::optional<c10::string_view>);

// Rows that oneDNN lays the weight out for: a few branches.
constexpr int kRows = 4;

std::optional<c10::OperatorHandle> Find(const char* name) {
  return c10::Dispatcher::singleton().findSchema({name, ""});
}

class OneDnnLinear final : public LinearForm {
 public:
  OneDnnLinear(at::Tensor weight, Weight bias,
               c10::TypedOperatorHandle<Pointwise> multiply)
      : weight_(std::move(weight)),
        bias_(bias == nullptr ? std::nullopt : std::optional(*bias)),
        multiply_(multiply) {}

  at::Tensor Apply(const at::Tensor& x) const override {
    return multiply_.call(x, weight_, bias_, "none",
                          c10::List<std::optional<at::Scalar>>(), "");
  }

 private:
  const at::Tensor weight_;
  const std::optional<at::Tensor> bias_;
  const c10::TypedOperatorHandle<Pointwise> multiply_;
};

}  // namespace

bool OneDnnMultiplies(DType dtype) {
#if defined(__x86_64__)
  return dtype == DType::kFloat32 || (__builtin_cpu_supports("avx512bw") &&
                                      __builtin_cpu_supports("avx512vl") &&
                                      __builtin_cpu_supports("avx512dq"));
#else
  return true;
#endif
}

std::shared_ptr<const LinearForm> MakeOneDnnLinear(const Weight& weight,
                                                   Weight bias) {
  const auto reorder = Find("mkldnn::_reorder_linear_weight");
  const auto multiply = Find("mkldnn::_linear_pointwise");
  const DType dtype = weight->scalar_type() == at::kBFloat16 ? DType::kBFloat16
                                                             : DType::kFloat32;
  if (!weight->is_cpu() || !OneDnnMultiplies(dtype) || !reorder || !multiply)
    return nullptr;
  return std::make_shared<OneDnnLinear>(
      reorder->typed<Reorder>().call(weight->contiguous(), kRows),
      std::move(bias), multiply->typed<Pointwise>());
}

}  // namespace stagebeam::engine
