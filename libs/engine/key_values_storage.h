#ifndef STAGEBEAM_LIBS_ENGINE_KEY_VALUES_STORAGE_H_
#define STAGEBEAM_LIBS_ENGINE_KEY_VALUES_STORAGE_H_

#include <cstdint>
#include <vector>

#include "libs/engine/checkpoint.h"
#include "libs/engine/key_values.h"

namespace at {
class Tensor;
}

namespace stagebeam::engine {

// What the text model writes to. Tensors are made when the first token is
// appended, so that an empty KeyValues costs nothing.
struct KeyValues::Storage {
  ModelPlacement placement;
  int kv_heads = 0;
  int head_dim = 0;
  // For each self-attention layer [held branches, kv_heads, capacity,
  // head_dim]; the first `branches` of the held ones are in use.
  std::vector<at::Tensor> keys;
  std::vector<at::Tensor> values;
  int branches = 0;
  int held_branches = 0;
  int length = 0;
  int capacity = 0;
  bool is_allocated = false;

  // Makes room for `count` more tokens of each branch, by doubling. May throw
  // what libtorch throws, and then nothing has changed.
  void Reserve(int count);
  // Copies what is in use to tensors of exactly `branches` and `capacity`.
  void Reallocate(int new_capacity);
  // Writes the tokens after `length` of a layer: rows [branches * count,
  // kv_heads, head_dim], branch-major. `length` stays.
  void Write(int layer, const at::Tensor& new_keys,
             const at::Tensor& new_values);
  // What is in use of a layer's tensor, with all its capacity.
  at::Tensor Used(const at::Tensor& tensor) const;
  // Keys and values of one branch as [kv_heads, length, head_dim], in place.
  at::Tensor Row(const at::Tensor& tensor, int branch) const;
};

// For each cross-attention layer [kv_heads, tiles * rows_per_tile, head_dim].
struct ImageKeyValues::Storage {
  std::vector<at::Tensor> keys;
  std::vector<at::Tensor> values;
  int rows_per_tile = 0;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_KEY_VALUES_STORAGE_H_
