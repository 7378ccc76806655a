#ifndef STAGEBEAM_LIBS_ENGINE_STEP_PIECES_H_
#define STAGEBEAM_LIBS_ENGINE_STEP_PIECES_H_

#include <compare>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace at {
class Tensor;
}

namespace stagebeam::engine {

using Tensors = std::vector<at::Tensor>;

// A series of operations that its name and the shapes of its inputs settle
// whole: no shape hangs on anything else, and nothing waits for the device. It
// may write to its inputs.
using Piece = std::function<Tensors(const Tensors&)>;

// What a piece is known by.
struct PieceName {
  // The layer's address.
  const void* layer = nullptr;
  // Its place among the layer's pieces.
  int part = 0;

  auto operator<=>(const PieceName&) const = default;
};

// Runs the pieces of a step: here by calling them. One caller at a time.
class StepPieces {
 public:
  virtual ~StepPieces() = default;

  // What `piece` makes of `inputs`, [rows, ...] the first one. Results hold
  // until the next run of the same name; they take the place of inputs that the
  // piece writes to. May throw what libtorch throws.
  virtual Tensors Run(const PieceName& name, const Tensors& inputs,
                      const Piece& piece);
};

// Pieces that are recorded as CUDA graphs, so that a GPU need not wait for the
// processor to launch small operations one by one. INVALID_ARGUMENT where
// `device`, which has been checked, is no GPU or this build has no CUDA.
absl::StatusOr<std::unique_ptr<StepPieces>> MakeGraphPieces(
    const std::string& device);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_STEP_PIECES_H_
