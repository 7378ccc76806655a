#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mul.h>

#include "libs/engine/attention.h"
#include "libs/engine/key_values_storage.h"
#include "libs/engine/text_layers.h"

namespace stagebeam::engine {
namespace {

int64_t KvWidth(const TextConfig& config) {
  return int64_t{config.num_key_value_heads} * config.head_dim();
}

// Groups [begin, end) that look at one picture, one behind the other.
struct ImageRun {
  size_t begin = 0;
  size_t end = 0;
  int64_t first_row = 0;
  int64_t rows = 0;
};

// The run that begins with group `begin`: its rows meet the picture as one
// product.
ImageRun RunFrom(const StepPlan& plan, size_t begin) {
  const ImageKeyValues* image = plan.groups[begin].group->image;
  ImageRun run{begin, begin, plan.groups[begin].first_row, 0};
  while (run.end < plan.groups.size() &&
         plan.groups[run.end].group->image == image) {
    run.rows += plan.groups[run.end++].rows();
  }
  return run;
}

}  // namespace

CrossLayer::CrossLayer(WeightLoader& loader, const TextConfig& config,
                       const std::string& prefix, int cache_layer)
    : cache_layer_(cache_layer),
      heads_(config.num_attention_heads),
      kv_heads_(config.num_key_value_heads),
      attention_norm_(loader.LoadRmsNorm(
          prefix + "input_layernorm", config.hidden_size, config.rms_norm_eps)),
      q_(loader.LoadLinear(prefix + "cross_attn.q_proj", config.hidden_size,
                           config.hidden_size)),
      k_(loader.LoadLinear(prefix + "cross_attn.k_proj", KvWidth(config),
                           config.hidden_size)),
      v_(loader.LoadLinear(prefix + "cross_attn.v_proj", KvWidth(config),
                           config.hidden_size)),
      o_(loader.LoadLinear(prefix + "cross_attn.o_proj", config.hidden_size,
                           config.hidden_size)),
      q_norm_(loader.LoadRmsNorm(prefix + "cross_attn.q_norm",
                                 config.head_dim(), config.rms_norm_eps)),
      k_norm_(loader.LoadRmsNorm(prefix + "cross_attn.k_norm",
                                 config.head_dim(), config.rms_norm_eps)),
      attention_gate_(loader.LoadGate(prefix + "cross_attn_attn_gate")),
      mlp_gate_(loader.LoadGate(prefix + "cross_attn_mlp_gate")),
      mlp_norm_(loader.LoadRmsNorm(prefix + "post_attention_layernorm",
                                   config.hidden_size, config.rms_norm_eps)),
      mlp_(loader, config, prefix) {}

void CrossLayer::Run(at::Tensor& x, const StepPlan& plan) const {
  if (plan.image_rows == 0) return;
  at::Tensor seeing = x.narrow(0, 0, plan.image_rows);
  seeing.add_(at::mul(*attention_gate_,
                      Attention(attention_norm_.Apply(seeing), plan)));
  if (plan.after_image_rows == 0) return;
  at::Tensor after = x.narrow(0, 0, plan.after_image_rows);
  after.add_(at::mul(*mlp_gate_, mlp_.Apply(mlp_norm_.Apply(after))));
}

at::Tensor CrossLayer::Attention(const at::Tensor& x,
                                 const StepPlan& plan) const {
  const at::Tensor queries =
      q_norm_.Apply(q_.Apply(x).view({x.size(0), heads_, -1}));
  at::Tensor attended = at::empty_like(x);
  for (size_t begin = 0; begin < plan.groups.size() &&
                         plan.groups[begin].group->image != nullptr;) {
    const ImageRun run = RunFrom(plan, begin);
    const ImageKeyValues::Storage& image =
        plan.groups[begin].group->image->storage();
    const SharedKeyValues shared{&image.keys[cache_layer_],
                                 &image.values[cache_layer_]};
    const at::Tensor rows =
        queries.narrow(0, run.first_row, run.rows).unsqueeze(0);
    Attend(rows, {&shared, 1}, {}, kv_heads_,
           attended.narrow(0, run.first_row, run.rows));
    begin = run.end;
  }
  return o_.Apply(attended);
}

void CrossLayer::AppendKeyValues(const at::Tensor& features,
                                 ImageKeyValues::Storage& storage) const {
  const auto heads = [&](const at::Tensor& rows) {
    return rows.view({rows.size(0), kv_heads_, -1});
  };
  const auto by_head = [](const at::Tensor& rows) {
    return rows.transpose(0, 1).contiguous();
  };
  storage.keys.push_back(by_head(k_norm_.Apply(heads(k_.Apply(features)))));
  storage.values.push_back(by_head(heads(v_.Apply(features))));
}

}  // namespace stagebeam::engine
