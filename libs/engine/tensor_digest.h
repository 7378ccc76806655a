#ifndef STAGEBEAM_LIBS_ENGINE_TENSOR_DIGEST_H_
#define STAGEBEAM_LIBS_ENGINE_TENSOR_DIGEST_H_

#include <memory>
#include <span>
#include <string>

#include "libs/engine/safetensors.h"

namespace stagebeam::engine {

// SHA-256 over names, types, shapes and samples of tensors: quick even for
// weights that do not fit the memory. Tensors of up to 64 KiB are read whole,
// larger ones at 16 places of 4 KiB.
//
// Not thread-safe.
class TensorDigest {
 public:
  TensorDigest();
  ~TensorDigest();
  TensorDigest(const TensorDigest&) = delete;
  TensorDigest& operator=(const TensorDigest&) = delete;

  void AddText(const std::string& text);
  void AddTensor(const std::string& name, const TensorView& view);
  // The digest in hex; call it once, at the end.
  std::string Hex();

 private:
  struct State;
  void AddBytes(std::span<const char> bytes);

  std::unique_ptr<State> state_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TENSOR_DIGEST_H_
