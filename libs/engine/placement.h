#ifndef STAGEBEAM_LIBS_ENGINE_PLACEMENT_H_
#define STAGEBEAM_LIBS_ENGINE_PLACEMENT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/engine/checkpoint.h"
#include "libs/engine/safetensors.h"

namespace at {
class Tensor;
}

namespace stagebeam::engine {

// INVALID_ARGUMENT, naming what is there, where `device` ("cpu" or "cuda:N")
// does not exist on this machine or in this build of libtorch.
absl::Status CheckDevice(const std::string& device);

// The stored numbers as a tensor of the placement: the mapped memory itself
// where type, device and alignment allow it, otherwise a converted copy
// (rounded to nearest even).
at::Tensor PlaceStored(const TensorView& view, const ModelPlacement& placement);

// A copy of row-major numbers [rows, columns], which may be misaligned.
at::Tensor PlaceRows(std::span<const char> bytes, DType dtype, int64_t rows,
                     int64_t columns, const ModelPlacement& placement);

// Indices [n] on the placement's device.
at::Tensor PlaceIndices(const std::vector<int64_t>& indices,
                        const ModelPlacement& placement);

// A tensor of the placement, not initialised.
at::Tensor MakeEmpty(const std::vector<int64_t>& shape,
                     const ModelPlacement& placement);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_PLACEMENT_H_
