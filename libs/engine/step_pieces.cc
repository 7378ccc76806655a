#include "libs/engine/step_pieces.h"

#include <ATen/core/Tensor.h>

namespace stagebeam::engine {

Tensors StepPieces::Run(const PieceName& name, const Tensors& inputs,
                        const Piece& piece) {
  return piece(inputs);
}

}  // namespace stagebeam::engine
