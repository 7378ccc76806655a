#ifndef STAGEBEAM_LIBS_ENGINE_LINEAR_H_
#define STAGEBEAM_LIBS_ENGINE_LINEAR_H_

#include "libs/engine/weight.h"

namespace stagebeam::engine {

// A linear layer: the one place where weights are multiplied.
//
// Immutable, and so thread-safe.
class Linear {
 public:
  // `weight` [out, in]; `bias` [out], or null.
  Linear(Weight weight, Weight bias);

  // x W^T + b: [..., in] -> [..., out].
  at::Tensor Apply(const at::Tensor& x) const;

 private:
  Weight weight_;
  Weight bias_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_LINEAR_H_
