#include "libs/engine/vision_layer.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/scaled_dot_product_attention.h>

namespace stagebeam::engine {
namespace {

at::Tensor Gated(const Weight& gate, const at::Tensor& x) {
  return gate == nullptr ? x : at::mul(*gate, x);
}

}  // namespace

VisionLayer::VisionLayer(WeightLoader& loader, const VisionConfig& config,
                         const std::string& prefix, bool is_gated)
    : heads_(config.attention_heads),
      attention_norm_(loader.LoadLayerNorm(
          prefix + "input_layernorm", config.hidden_size, config.norm_eps)),
      q_(loader.LoadLinear(prefix + "self_attn.q_proj", config.hidden_size,
                           config.hidden_size)),
      k_(loader.LoadLinear(prefix + "self_attn.k_proj", config.hidden_size,
                           config.hidden_size)),
      v_(loader.LoadLinear(prefix + "self_attn.v_proj", config.hidden_size,
                           config.hidden_size)),
      o_(loader.LoadLinear(prefix + "self_attn.o_proj", config.hidden_size,
                           config.hidden_size)),
      mlp_norm_(loader.LoadLayerNorm(prefix + "post_attention_layernorm",
                                     config.hidden_size, config.norm_eps)),
      fc1_(loader.LoadBiasedLinear(prefix + "mlp.fc1", config.intermediate_size,
                                   config.hidden_size)),
      fc2_(loader.LoadBiasedLinear(prefix + "mlp.fc2", config.hidden_size,
                                   config.intermediate_size)),
      attention_gate_(is_gated ? loader.LoadGate(prefix + "gate_attn")
                               : nullptr),
      mlp_gate_(is_gated ? loader.LoadGate(prefix + "gate_ffn") : nullptr) {}

at::Tensor VisionLayer::Apply(const at::Tensor& x, int64_t live) const {
  const at::Tensor y =
      x.add(Gated(attention_gate_, Attention(attention_norm_.Apply(x), live)));
  return y.add(Gated(mlp_gate_, Mlp(mlp_norm_.Apply(y))));
}

at::Tensor VisionLayer::Attention(const at::Tensor& x, int64_t live) const {
  // [1, heads, rows, head_dim].
  const auto heads = [&](const at::Tensor& rows) {
    return rows.view({1, rows.size(0), heads_, -1}).transpose(1, 2);
  };
  const at::Tensor queries = heads(q_.Apply(x)), keys = heads(k_.Apply(x));
  const at::Tensor values = heads(v_.Apply(x));
  const int64_t dead = x.size(0) - live;
  const at::Tensor seen_by_live = at::scaled_dot_product_attention(
      queries.narrow(2, 0, live), keys, values);
  const at::Tensor seen_by_dead = at::scaled_dot_product_attention(
      queries.narrow(2, live, dead), keys.narrow(2, 0, live),
      values.narrow(2, 0, live));
  const at::Tensor attended = at::cat({seen_by_live, seen_by_dead}, 2);
  return o_.Apply(attended.transpose(1, 2).reshape(x.sizes()));
}

at::Tensor VisionLayer::Mlp(const at::Tensor& x) const {
  return fc2_.Apply(at::gelu(fc1_.Apply(x)));
}

}  // namespace stagebeam::engine
