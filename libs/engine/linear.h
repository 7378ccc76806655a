#ifndef STAGEBEAM_LIBS_ENGINE_LINEAR_H_
#define STAGEBEAM_LIBS_ENGINE_LINEAR_H_

#include <memory>
#include <utility>

#include "libs/engine/weight.h"

namespace stagebeam::engine {

// How a linear layer's weight is held and multiplied. Immutable, and so
// thread-safe.
class LinearForm {
 public:
  virtual ~LinearForm() = default;
  // x W^T + b: [..., in] -> [..., out].
  virtual at::Tensor Apply(const at::Tensor& x) const = 0;
};

// A linear layer: the one place where weights are multiplied. Copies share the
// weight.
class Linear {
 public:
  // Null: a layer that failed to load, not to be applied.
  explicit Linear(std::shared_ptr<const LinearForm> form)
      : form_(std::move(form)) {}

  // x W^T + b: [..., in] -> [..., out].
  at::Tensor Apply(const at::Tensor& x) const;

 private:
  std::shared_ptr<const LinearForm> form_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_LINEAR_H_
