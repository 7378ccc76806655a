#ifndef STAGEBEAM_LIBS_ENGINE_SAFETENSORS_H_
#define STAGEBEAM_LIBS_ENGINE_SAFETENSORS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace stagebeam::engine {

// Number formats that weights are stored in.
enum class StoredType { kBFloat16, kFloat16, kFloat32 };

// Bytes of one number.
constexpr int64_t SizeOf(StoredType type) {
  return type == StoredType::kFloat32 ? 4 : 2;
}
// Its name in a safetensors header: "BF16", "F16" or "F32".
std::string_view NameOf(StoredType type);

// A tensor inside a mapped file: row-major numbers, little-endian.
struct TensorView {
  StoredType dtype = StoredType::kFloat32;
  std::vector<int64_t> shape;
  // May be misaligned for `dtype`.
  std::span<const char> bytes;
  // Keeps the mapping alive.
  std::shared_ptr<const void> owner;
};

// "[2, 3]".
std::string ShapeText(const std::vector<int64_t>& shape);

// The tensors of one safetensors file by name. The data are mapped, not read.
//
// The header comes from anywhere: sizes, JSON, types, shapes and offsets are
// checked before a view is made, and every view lies inside the file.
// INVALID_ARGUMENT or NOT_FOUND names the file and the tensor.
absl::StatusOr<std::map<std::string, TensorView>> OpenSafetensors(
    const std::string& path);

// The tensors of a checkpoint directory: model.safetensors, or the shards that
// model.safetensors.index.json lists, whose names must stay inside the
// directory. Errors as above; also where two shards hold one tensor, or the
// index and the shards differ.
absl::StatusOr<std::map<std::string, TensorView>> OpenCheckpointTensors(
    const std::string& directory);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_SAFETENSORS_H_
