#include <ATen/core/Tensor.h>
#include <ATen/ops/silu.h>

#include "libs/engine/kernel_tensors.h"
#include "libs/engine/text_layers.h"
#include "libs/kernels/elementwise.h"

namespace stagebeam::engine {

FeedForward::FeedForward(WeightLoader& loader, const TextConfig& config,
                         const std::string& prefix)
    : gate_(loader.LoadLinear(prefix + "mlp.gate_proj",
                              config.intermediate_size, config.hidden_size)),
      up_(loader.LoadLinear(prefix + "mlp.up_proj", config.intermediate_size,
                            config.hidden_size)),
      down_(loader.LoadLinear(prefix + "mlp.down_proj", config.hidden_size,
                              config.intermediate_size)) {}

at::Tensor FeedForward::Apply(const at::Tensor& x) const {
  at::Tensor gate = gate_.Apply(x);
  const at::Tensor up = up_.Apply(x);
  if (!FitsKernels(gate)) return down_.Apply(at::silu(gate).mul_(up));
  kernels::SiluMultiply(Numbers(gate), Numbers(up), gate.numel(),
                        MutableNumbers(gate));
  return down_.Apply(gate);
}

}  // namespace stagebeam::engine
