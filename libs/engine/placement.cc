#include "libs/engine/placement.h"

#include <ATen/core/Tensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace stagebeam::engine {
namespace {

c10::ScalarType TypeOf(StoredType type) {
  switch (type) {
    case StoredType::kBFloat16:
      return at::kBFloat16;
    case StoredType::kFloat16:
      return at::kHalf;
    case StoredType::kFloat32:
      return at::kFloat;
  }
  return at::kFloat;
}

c10::ScalarType TypeOf(DType type) {
  return type == DType::kFloat32 ? at::kFloat : at::kBFloat16;
}

at::Tensor Move(const at::Tensor& tensor, const ModelPlacement& placement) {
  return tensor.to(at::Device(placement.device), TypeOf(placement.dtype));
}

at::Tensor Copy(std::span<const char> bytes, at::IntArrayRef shape,
                c10::ScalarType type) {
  at::Tensor copy = at::empty(shape, at::TensorOptions(type));
  if (!bytes.empty())
    std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
  return copy;
}

bool IsAligned(const TensorView& view) {
  return reinterpret_cast<uintptr_t>(view.bytes.data()) % SizeOf(view.dtype) ==
         0;
}

// CUDA devices that libtorch sees; a driver that fails has none.
int CudaDevices() {
  try {
    const at::CUDAHooksInterface& cuda = at::detail::getCUDAHooks();
    return cuda.hasCUDA() ? cuda.deviceCount() : 0;
  } catch (const std::exception&) {
    return 0;
  }
}

}  // namespace

absl::Status CheckDevice(const std::string& device) {
  if (device == "cpu") return absl::OkStatus();
  absl::string_view number = device;
  int index = 0;
  if (!absl::ConsumePrefix(&number, "cuda:") ||
      !absl::SimpleAtoi(number, &index) || index < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("device: must be cpu or cuda:N, got '", device, "'"));
  }
  const int devices = CudaDevices();
  if (index < devices) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("device: ", device, " is not there; libtorch sees ", devices,
                   " CUDA devices"));
}

at::Tensor PlaceStored(const TensorView& view,
                       const ModelPlacement& placement) {
  if (!IsAligned(view))
    return Move(Copy(view.bytes, view.shape, TypeOf(view.dtype)), placement);
  // The mapping is read-only, and weights are never written to.
  void* const data = const_cast<char*>(view.bytes.data());
  const at::Tensor mapped = at::from_blob(
      data, view.shape, [owner = view.owner](void*) {}, TypeOf(view.dtype));
  return Move(mapped, placement);
}

at::Tensor PlaceRows(std::span<const char> bytes, DType dtype, int64_t rows,
                     int64_t columns, const ModelPlacement& placement) {
  return Move(Copy(bytes, {rows, columns}, TypeOf(dtype)), placement);
}

at::Tensor PlaceIndices(const std::vector<int64_t>& indices,
                        const ModelPlacement& placement) {
  at::Tensor copy = at::empty({static_cast<int64_t>(indices.size())},
                              at::TensorOptions(at::kLong));
  std::memcpy(copy.mutable_data_ptr(), indices.data(),
              indices.size() * sizeof(int64_t));
  return copy.to(at::Device(placement.device));
}

at::Tensor MakeEmpty(const std::vector<int64_t>& shape,
                     const ModelPlacement& placement) {
  return at::empty(shape, at::TensorOptions(TypeOf(placement.dtype))
                              .device(at::Device(placement.device)));
}

}  // namespace stagebeam::engine
