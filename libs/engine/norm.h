#ifndef STAGEBEAM_LIBS_ENGINE_NORM_H_
#define STAGEBEAM_LIBS_ENGINE_NORM_H_

#include "libs/engine/weight.h"

namespace stagebeam::engine {

// Root-mean-square norm over the last dimension, as Llama does it:
// w * cast(u * rsqrt(mean(u^2) + epsilon)), u = float(x). The cast to the
// working type comes before the weight.
class RmsNorm {
 public:
  // `weight` [width].
  RmsNorm(Weight weight, double epsilon);
  // [..., width] -> [..., width].
  at::Tensor Apply(const at::Tensor& x) const;

 private:
  Weight weight_;
  double epsilon_;
};

// Layer norm over the last dimension, with biased variance; computed in fp32
// and rounded once.
class LayerNorm {
 public:
  // `weight` and `bias` [width].
  LayerNorm(Weight weight, Weight bias, double epsilon);
  // [..., width] -> [..., width].
  at::Tensor Apply(const at::Tensor& x) const;

 private:
  Weight weight_;
  Weight bias_;
  double epsilon_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_NORM_H_
