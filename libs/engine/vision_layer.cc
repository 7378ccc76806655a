#include "libs/engine/vision_layer.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "libs/engine/attention.h"
#include "libs/engine/kernel_tensors.h"
#include "libs/kernels/attention.h"

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
  const at::Tensor queries = q_.Apply(x), keys = k_.Apply(x);
  const at::Tensor values = v_.Apply(x);
  const bool by_kernel =
      FitsKernels(x) && kernels::CanAttend(x.size(1) / heads_);
  return o_.Apply(by_kernel ? AttendByKernel(queries, keys, values, live)
                            : AttendByTorch(queries, keys, values, live));
}

at::Tensor VisionLayer::AttendByKernel(const at::Tensor& queries,
                                       const at::Tensor& keys,
                                       const at::Tensor& values,
                                       int64_t live) const {
  const int64_t rows = queries.size(0);
  const auto heads = [&](const at::Tensor& t) {
    return t.view({rows, heads_, -1});
  };
  at::Tensor attended = at::empty_like(queries);
  const auto attend = [&](int64_t begin, int64_t count, int64_t seen) {
    if (count == 0) return;
    // [heads, tokens, head_dim].
    const at::Tensor k = heads(keys).narrow(0, 0, seen).transpose(0, 1);
    const at::Tensor v = heads(values).narrow(0, 0, seen).transpose(0, 1);
    const SharedKeyValues shared{&k, &v};
    Attend(heads(queries).narrow(0, begin, count).unsqueeze(0), {&shared, 1},
           {}, heads_, attended.narrow(0, begin, count));
  };
  attend(0, live, rows);
  attend(live, rows - live, live);
  return attended;
}

at::Tensor VisionLayer::AttendByTorch(const at::Tensor& all_queries,
                                      const at::Tensor& all_keys,
                                      const at::Tensor& all_values,
                                      int64_t live) const {
  // [1, heads, rows, head_dim].
  const auto heads = [&](const at::Tensor& rows) {
    return rows.view({1, rows.size(0), heads_, -1}).transpose(1, 2);
  };
  const at::Tensor queries = heads(all_queries), keys = heads(all_keys);
  const at::Tensor values = heads(all_values);
  const int64_t dead = all_queries.size(0) - live;
  const at::Tensor seen_by_live = at::scaled_dot_product_attention(
      queries.narrow(2, 0, live), keys, values);
  const at::Tensor seen_by_dead = at::scaled_dot_product_attention(
      queries.narrow(2, live, dead), keys.narrow(2, 0, live),
      values.narrow(2, 0, live));
  const at::Tensor attended = at::cat({seen_by_live, seen_by_dead}, 2);
  return attended.transpose(1, 2).reshape(all_queries.sizes());
}

at::Tensor VisionLayer::Mlp(const at::Tensor& x) const {
  return fc2_.Apply(at::gelu(fc1_.Apply(x)));
}

}  // namespace stagebeam::engine
