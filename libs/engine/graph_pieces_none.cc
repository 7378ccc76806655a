// In place of graph_pieces_cuda.cc where libtorch has no CUDA.
#include "libs/engine/step_pieces.h"

namespace stagebeam::engine {

absl::StatusOr<std::unique_ptr<StepPieces>> MakeGraphPieces(
    const std::string& device) {
  return absl::InvalidArgumentError(
      "cuda_graphs: needs device cuda:N and a CUDA build of libtorch");
}

}  // namespace stagebeam::engine
