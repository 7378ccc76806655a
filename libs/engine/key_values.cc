#include "libs/engine/key_values.h"

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "libs/engine/key_values_storage.h"
#include "libs/engine/placement.h"

namespace stagebeam::engine {
namespace {

int64_t BytesOf(const std::vector<at::Tensor>& tensors) {
  int64_t bytes = 0;
  for (const at::Tensor& tensor : tensors)
    bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

}  // namespace

at::Tensor KeyValues::Storage::Used(const at::Tensor& tensor) const {
  return tensor.narrow(0, 0, branches);
}

at::Tensor KeyValues::Storage::Row(const at::Tensor& tensor, int branch) const {
  return tensor.select(0, branch).narrow(1, 0, length);
}

void KeyValues::Storage::Reserve(int count) {
  if (is_allocated && length + count <= capacity) return;
  const int needed = length + count;
  Reallocate(needed <= capacity ? capacity : std::max(needed, 2 * capacity));
}

void KeyValues::Storage::Reallocate(int new_capacity) {
  std::vector<at::Tensor> moved;
  for (const std::vector<at::Tensor>* tensors : {&keys, &values}) {
    for (const at::Tensor& old : *tensors) {
      moved.push_back(
          MakeEmpty({branches, kv_heads, new_capacity, head_dim}, placement));
      if (length > 0)
        moved.back().narrow(2, 0, length).copy_(Used(old).narrow(2, 0, length));
    }
  }
  const auto half = moved.begin() + static_cast<std::ptrdiff_t>(keys.size());
  std::move(moved.begin(), half, keys.begin());
  std::move(half, moved.end(), values.begin());
  held_branches = branches;
  capacity = new_capacity;
  is_allocated = true;
}

void KeyValues::Storage::Write(int layer, const at::Tensor& new_keys,
                               const at::Tensor& new_values) {
  const int64_t count = new_keys.size(0) / branches;
  const auto write = [&](const at::Tensor& cache, const at::Tensor& rows) {
    Used(cache)
        .narrow(2, length, count)
        .copy_(
            rows.view({branches, count, kv_heads, head_dim}).transpose(1, 2));
  };
  write(keys[layer], new_keys);
  write(values[layer], new_values);
}

KeyValues::KeyValues(std::unique_ptr<Storage> storage)
    : storage_(std::move(storage)) {}
KeyValues::~KeyValues() = default;

int KeyValues::branches() const { return storage_->branches; }
int KeyValues::length() const { return storage_->length; }
int KeyValues::capacity() const { return storage_->capacity; }

int64_t KeyValues::bytes() const {
  const Storage& s = *storage_;
  return 2 * static_cast<int64_t>(s.keys.size()) * s.held_branches *
         s.kv_heads * s.capacity * s.head_dim * SizeOf(s.placement.dtype);
}

std::unique_ptr<KeyValues> KeyValues::Extract(int branch, int length) const {
  return Extract(branch, 0, length);
}

std::unique_ptr<KeyValues> KeyValues::Extract(int branch, int begin,
                                              int length) const try {
  const c10::InferenceMode no_gradients;
  const Storage& from = *storage_;
  auto to = std::make_unique<Storage>();
  to->placement = from.placement;
  to->kv_heads = from.kv_heads;
  to->head_dim = from.head_dim;
  to->branches = to->held_branches = 1;
  to->length = to->capacity = length;
  to->is_allocated = true;
  const auto copy = [&](const at::Tensor& tensor) {
    return from.Row(tensor, branch)
        .narrow(1, begin, length)
        .unsqueeze(0)
        .clone(at::MemoryFormat::Contiguous);
  };
  for (const at::Tensor& tensor : from.keys) to->keys.push_back(copy(tensor));
  for (const at::Tensor& tensor : from.values)
    to->values.push_back(copy(tensor));
  return std::make_unique<KeyValues>(std::move(to));
} catch (const std::exception&) {
  return nullptr;
}

void KeyValues::Drop(int branch) {
  const c10::InferenceMode no_gradients;
  Storage& s = *storage_;
  const int last = --s.branches;
  if (!s.is_allocated) return;
  for (std::vector<at::Tensor>* tensors : {&s.keys, &s.values}) {
    for (at::Tensor& tensor : *tensors) {
      if (branch != last) s.Row(tensor, branch).copy_(s.Row(tensor, last));
    }
  }
  if (2 * s.branches > s.held_branches) return;
  try {
    s.Reallocate(s.capacity);
  } catch (const std::exception&) {
    // No memory for the smaller copy: the larger one serves as well.
  }
}

ImageKeyValues::ImageKeyValues(std::unique_ptr<Storage> storage)
    : storage_(std::move(storage)) {}
ImageKeyValues::~ImageKeyValues() = default;

int64_t ImageKeyValues::bytes() const {
  return BytesOf(storage_->keys) + BytesOf(storage_->values);
}

void ImageKeyValues::KeepTiles(int tiles) {
  const c10::InferenceMode no_gradients;
  const int64_t rows = int64_t{tiles} * storage_->rows_per_tile;
  for (std::vector<at::Tensor>* tensors :
       {&storage_->keys, &storage_->values}) {
    for (at::Tensor& tensor : *tensors) {
      if (tensor.size(1) <= rows) continue;
      const at::Tensor kept = tensor.narrow(1, 0, rows);
      try {
        tensor = kept.clone(at::MemoryFormat::Contiguous);
      } catch (const std::exception&) {
        tensor =
            kept;  // No memory for a copy: what is dropped stays allocated.
      }
    }
  }
}

}  // namespace stagebeam::engine
