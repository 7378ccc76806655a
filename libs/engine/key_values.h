#ifndef STAGEBEAM_LIBS_ENGINE_KEY_VALUES_H_
#define STAGEBEAM_LIBS_ENGINE_KEY_VALUES_H_

#include <cstdint>
#include <memory>

namespace at {
class Tensor;
}

namespace stagebeam::engine {

// Keys (after RoPE) and values of `branches` sequences of equal length, for
// every self-attention layer: two tensors [branches, kv_heads, capacity,
// head_dim] each. A prefix segment is a KeyValues of one branch that no longer
// grows.
//
// Not thread-safe while it grows; readable from many threads afterwards.
class KeyValues {
 public:
  struct Storage;
  explicit KeyValues(std::unique_ptr<Storage> storage);
  ~KeyValues();
  KeyValues(const KeyValues&) = delete;
  KeyValues& operator=(const KeyValues&) = delete;

  int branches() const;
  // Tokens of each branch.
  int length() const;
  int capacity() const;
  // Bytes held once the first token is there, spare capacity included.
  int64_t bytes() const;

  // Copies the first `length` tokens of one branch out, with no spare capacity.
  // Null where there is no memory for it.
  std::unique_ptr<KeyValues> Extract(int branch, int length) const;
  // The same of `length` tokens from the `begin`th on.
  std::unique_ptr<KeyValues> Extract(int branch, int begin, int length) const;
  // Removes a branch; the last branch takes its index. Memory shrinks once half
  // of the branches are gone.
  void Drop(int branch);

  Storage& storage() { return *storage_; }
  const Storage& storage() const { return *storage_; }

 private:
  std::unique_ptr<Storage> storage_;
};

// Cross-attention keys and values of one picture, for every cross layer:
// [kv_heads, tiles * rows_per_tile, head_dim] each. Immutable but for
// KeepTiles.
class ImageKeyValues {
 public:
  struct Storage;
  explicit ImageKeyValues(std::unique_ptr<Storage> storage);
  ~ImageKeyValues();
  ImageKeyValues(const ImageKeyValues&) = delete;
  ImageKeyValues& operator=(const ImageKeyValues&) = delete;

  int64_t bytes() const;
  // Keeps the first `tiles` tiles and frees the rest, once the head is
  // prefilled.
  void KeepTiles(int tiles);

  Storage& storage() { return *storage_; }
  const Storage& storage() const { return *storage_; }

 private:
  std::unique_ptr<Storage> storage_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_KEY_VALUES_H_
