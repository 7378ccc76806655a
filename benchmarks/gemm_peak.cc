#include "benchmarks/gemm_peak.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

#include "benchmarks/stopwatch.h"
#include "libs/engine/torch_errors.h"

namespace stagebeam::benchmarks {
namespace {

using engine::DType;

double ShortestSeconds(int passes, const std::function<void()>& run) {
  run();
  double shortest = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < passes; ++pass) {
    const Stopwatch watch;
    run();
    shortest = std::min(shortest, watch.seconds());
  }
  return shortest;
}

// Calls an operator that has no header; its one result.
at::Tensor Call(const c10::OperatorHandle& op, torch::jit::Stack stack) {
  op.callBoxed(stack);
  return stack.front().toTensor();
}

// oneDNN's product with `right` packed once, as a linear layer's weight. Empty
// where this libtorch was built without it.
std::function<void()> PackedProduct(const at::Tensor& left,
                                    const at::Tensor& right) {
  auto& dispatcher = c10::Dispatcher::singleton();
  const auto pack =
      dispatcher.findSchema({"mkldnn::_reorder_linear_weight", ""});
  const auto apply = dispatcher.findSchema({"mkldnn::_linear_pointwise", ""});
  if (!pack.has_value() || !apply.has_value()) return nullptr;
  const at::Tensor packed = Call(*pack, {right, c10::IValue(left.size(0))});
  return [op = *apply, left, packed] {
    Call(op, {left, packed, c10::IValue(), "none",
              c10::List<std::optional<at::Scalar>>(), ""});
  };
}

}  // namespace

absl::StatusOr<double> GemmPeak(DType dtype, int size, int passes) {
  return engine::CatchTorch([&]() -> absl::StatusOr<double> {
    const c10::InferenceMode no_gradients;
    const auto type = dtype == DType::kFloat32 ? at::kFloat : at::kBFloat16;
    const at::Tensor left = at::randn({size, size}).to(type);
    const at::Tensor right = at::randn({size, size}).to(type);
    double seconds = ShortestSeconds(passes, [&] { at::mm(left, right); });
    if (const auto packed = PackedProduct(left, right)) {
      seconds = std::min(seconds, ShortestSeconds(passes, packed));
    }
    return 2.0 * size * size * size / seconds;
  });
}

}  // namespace stagebeam::benchmarks
