#ifndef STAGEBEAM_LIBS_ENGINE_VISION_LAYER_H_
#define STAGEBEAM_LIBS_ENGINE_VISION_LAYER_H_

#include <cstdint>
#include <string>

#include "libs/engine/linear.h"
#include "libs/engine/model_config.h"
#include "libs/engine/norm.h"
#include "libs/engine/weight.h"
#include "libs/engine/weight_loader.h"

namespace stagebeam::engine {

// A pre-norm transformer layer of the vision tower, gated in the global
// transformer. Immutable, and so thread-safe.
class VisionLayer {
 public:
  // `prefix` as in "vision_model.transformer.layers.0.".
  VisionLayer(WeightLoader& loader, const VisionConfig& config,
              const std::string& prefix, bool is_gated);

  // x [rows, hidden_size] -> the same. The first `live` rows hold picture. A
  // dead row (padding, or of a tile without picture) sees live rows only; a
  // live row sees all. There are no positions inside attention, so rows may
  // stand in any order.
  at::Tensor Apply(const at::Tensor& x, int64_t live) const;

 private:
  at::Tensor Attention(const at::Tensor& x, int64_t live) const;
  // Of [rows, hidden] each, before the output projection.
  at::Tensor AttendByKernel(const at::Tensor& queries, const at::Tensor& keys,
                            const at::Tensor& values, int64_t live) const;
  at::Tensor AttendByTorch(const at::Tensor& queries, const at::Tensor& keys,
                           const at::Tensor& values, int64_t live) const;
  at::Tensor Mlp(const at::Tensor& x) const;

  int heads_;
  LayerNorm attention_norm_;
  Linear q_;
  Linear k_;
  Linear v_;
  Linear o_;
  LayerNorm mlp_norm_;
  Linear fc1_;
  Linear fc2_;
  // tanh of the stored gates; null in the local transformer.
  Weight attention_gate_;
  Weight mlp_gate_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_VISION_LAYER_H_
