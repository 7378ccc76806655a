#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>

#include <vector>

#include "libs/engine/attention.h"
#include "libs/engine/key_values_storage.h"
#include "libs/engine/rope.h"
#include "libs/engine/text_layers.h"

namespace stagebeam::engine {
namespace {

int64_t KvWidth(const TextConfig& config) {
  return int64_t{config.num_key_value_heads} * config.head_dim();
}

at::Tensor Heads(const at::Tensor& rows, int64_t heads) {
  return rows.view({rows.size(0), heads, -1});
}

}  // namespace

SelfLayer::SelfLayer(WeightLoader& loader, const TextConfig& config,
                     const std::string& prefix, int cache_layer)
    : cache_layer_(cache_layer),
      heads_(config.num_attention_heads),
      kv_heads_(config.num_key_value_heads),
      attention_norm_(loader.LoadRmsNorm(
          prefix + "input_layernorm", config.hidden_size, config.rms_norm_eps)),
      q_(loader.LoadLinear(prefix + "self_attn.q_proj", config.hidden_size,
                           config.hidden_size)),
      k_(loader.LoadLinear(prefix + "self_attn.k_proj", KvWidth(config),
                           config.hidden_size)),
      v_(loader.LoadLinear(prefix + "self_attn.v_proj", KvWidth(config),
                           config.hidden_size)),
      o_(loader.LoadLinear(prefix + "self_attn.o_proj", config.hidden_size,
                           config.hidden_size)),
      mlp_norm_(loader.LoadRmsNorm(prefix + "post_attention_layernorm",
                                   config.hidden_size, config.rms_norm_eps)),
      mlp_(loader, config, prefix) {}

void SelfLayer::Run(at::Tensor& x, const StepPlan& plan,
                    const at::Tensor& rotations, StepPieces& pieces) const {
  const Tensors projected =
      pieces.Run({this, 0}, {x, rotations},
                 [this](const Tensors& in) { return Project(in[0], in[1]); });
  const at::Tensor attended = Attention(projected, plan);
  x = pieces
          .Run({this, 1}, {x, attended},
               [this](const Tensors& in) {
                 return Tensors{Finish(in[0], in[1])};
               })
          .front();
}

Tensors SelfLayer::Project(const at::Tensor& x,
                           const at::Tensor& rotations) const {
  const at::Tensor rows = attention_norm_.Apply(x);
  return {Rotate(Heads(q_.Apply(rows), heads_), rotations),
          Rotate(Heads(k_.Apply(rows), kv_heads_), rotations),
          Heads(v_.Apply(rows), kv_heads_)};
}

at::Tensor SelfLayer::Attention(const Tensors& projected,
                                const StepPlan& plan) const {
  const at::Tensor &queries = projected[0], &keys = projected[1],
                   &values = projected[2];
  at::Tensor attended = at::empty_like(queries).flatten(1);
  for (const PlannedGroup& planned : plan.groups) {
    const auto rows = [&](const at::Tensor& t) {
      return t.narrow(0, planned.first_row, planned.rows());
    };
    planned.group->own->storage().Write(cache_layer_, rows(keys), rows(values));
    AttendGroup(planned, rows(queries), rows(attended));
  }
  return attended;
}

at::Tensor SelfLayer::Finish(const at::Tensor& x,
                             const at::Tensor& attended) const {
  x.add_(o_.Apply(attended));
  x.add_(mlp_.Apply(mlp_norm_.Apply(x)));
  return x;
}

void SelfLayer::AttendGroup(const PlannedGroup& planned,
                            const at::Tensor& queries,
                            const at::Tensor& attended) const {
  std::vector<at::Tensor> views;
  views.reserve(2 * planned.group->prefix.size() + 2);
  std::vector<SharedKeyValues> shared;
  for (const KeyValues* segment : planned.group->prefix) {
    if (segment->length() == 0) continue;
    const KeyValues::Storage& s = segment->storage();
    views.push_back(s.Row(s.keys[cache_layer_], 0));
    views.push_back(s.Row(s.values[cache_layer_], 0));
    shared.push_back({&views[views.size() - 2], &views.back()});
  }
  const KeyValues::Storage& own = planned.group->own->storage();
  const at::Tensor own_keys = own.Used(own.keys[cache_layer_]);
  const at::Tensor own_values = own.Used(own.values[cache_layer_]);
  Attend(queries.view({planned.branches, planned.count, heads_, -1}), shared,
         {&own_keys, &own_values, own.length}, kv_heads_, attended);
}

}  // namespace stagebeam::engine
