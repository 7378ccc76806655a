#ifndef STAGEBEAM_LIBS_ENGINE_ROPE_H_
#define STAGEBEAM_LIBS_ENGINE_ROPE_H_

#include <cstdint>
#include <vector>

#include "libs/engine/checkpoint.h"
#include "libs/engine/model_config.h"
#include "libs/engine/weight.h"

namespace stagebeam::engine {

// Rotary position embedding on halves: dimension j turns with j + width / 2.
//
// Immutable, and so thread-safe.
class Rope {
 public:
  // Frequencies are theta^(-2j / head_dim) in fp32, stretched as Llama 3.1 does
  // where the configuration says so.
  Rope(const RopeConfig& config, int head_dim, const ModelPlacement& placement);

  // Cosines and sines of the angles position * frequency, computed in fp32 and
  // then cast to the working type: [2, rows, 1, head_dim / 2].
  at::Tensor Rotations(const std::vector<int64_t>& positions) const;

 private:
  ModelPlacement placement_;
  // fp32 [head_dim / 2].
  Weight frequencies_;
};

// Turns x [rows, heads, head_dim] by `rotations` of the same rows; may do so in
// place.
at::Tensor Rotate(at::Tensor x, const at::Tensor& rotations);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_ROPE_H_
