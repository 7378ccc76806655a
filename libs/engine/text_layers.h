#ifndef STAGEBEAM_LIBS_ENGINE_TEXT_LAYERS_H_
#define STAGEBEAM_LIBS_ENGINE_TEXT_LAYERS_H_

#include <string>

#include "libs/engine/linear.h"
#include "libs/engine/model_config.h"
#include "libs/engine/norm.h"
#include "libs/engine/step_pieces.h"
#include "libs/engine/step_plan.h"
#include "libs/engine/weight.h"
#include "libs/engine/weight_loader.h"

// The layers of mllama's language model. Each adds to the residual rows x
// [rows, hidden_size], in place or into rows that take their place. All are
// immutable.
namespace stagebeam::engine {

// down(silu(gate(x)) * up(x)).
class FeedForward {
 public:
  // `prefix` is the layer's, as in "language_model.model.layers.0.".
  FeedForward(WeightLoader& loader, const TextConfig& config,
              const std::string& prefix);
  // [rows, hidden_size] -> the same.
  at::Tensor Apply(const at::Tensor& x) const;

 private:
  Linear gate_;
  Linear up_;
  Linear down_;
};

// Causal self-attention with rotary positions, then the MLP.
class SelfLayer {
 public:
  // `cache_layer` is its place among the self-attention layers.
  SelfLayer(WeightLoader& loader, const TextConfig& config,
            const std::string& prefix, int cache_layer);

  // Writes the rows' keys and values behind those that each group's own
  // KeyValues has; the caller has made room and moves their length afterwards.
  // What comes before the attention and what comes after it are a piece each,
  // known by the layer's address.
  void Run(at::Tensor& x, const StepPlan& plan, const at::Tensor& rotations,
           StepPieces& pieces) const;

 private:
  // Queries, keys and values of the rows: [rows, heads, head_dim] each.
  Tensors Project(const at::Tensor& x, const at::Tensor& rotations) const;
  // Writes the keys and values; [rows, hidden_size].
  at::Tensor Attention(const Tensors& projected, const StepPlan& plan) const;
  // The rest of the layer, in place.
  at::Tensor Finish(const at::Tensor& x, const at::Tensor& attended) const;
  // Writes the group's rows of `attended`.
  void AttendGroup(const PlannedGroup& planned, const at::Tensor& queries,
                   const at::Tensor& attended) const;

  int cache_layer_;
  int heads_;
  int kv_heads_;
  RmsNorm attention_norm_;
  Linear q_;
  Linear k_;
  Linear v_;
  Linear o_;
  RmsNorm mlp_norm_;
  FeedForward mlp_;
};

// Gated attention to a picture's keys and values, without positions, then a
// gated MLP.
class CrossLayer {
 public:
  // `cache_layer` is its place among the cross-attention layers.
  CrossLayer(WeightLoader& loader, const TextConfig& config,
             const std::string& prefix, int cache_layer);

  // Rows without a picture stay as they are. Rows in front of <|image|> get no
  // MLP.
  void Run(at::Tensor& x, const StepPlan& plan) const;

  // Adds this layer's keys and values of features [rows, hidden_size].
  void AppendKeyValues(const at::Tensor& features,
                       ImageKeyValues::Storage& storage) const;

 private:
  at::Tensor Attention(const at::Tensor& x, const StepPlan& plan) const;

  int cache_layer_;
  int heads_;
  int kv_heads_;
  RmsNorm attention_norm_;
  Linear q_;
  Linear k_;
  Linear v_;
  Linear o_;
  RmsNorm q_norm_;
  RmsNorm k_norm_;
  // tanh of the stored gates.
  Weight attention_gate_;
  Weight mlp_gate_;
  RmsNorm mlp_norm_;
  FeedForward mlp_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TEXT_LAYERS_H_
