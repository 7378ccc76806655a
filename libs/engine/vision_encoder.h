#ifndef STAGEBEAM_LIBS_ENGINE_VISION_ENCODER_H_
#define STAGEBEAM_LIBS_ENGINE_VISION_ENCODER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/engine/options.h"
#include "libs/pixels/preprocessor.h"

namespace stagebeam::engine {

// The vision side of mllama: vision tower and projector.
//
// Thread-safe; concurrent Encode calls share the cores.
class VisionEncoder {
 public:
  // Loads the vision half of a Hugging Face mllama directory (options.dtype,
  // device and threads apply). INVALID_ARGUMENT or NOT_FOUND names the file
  // and the field or tensor.
  static absl::StatusOr<std::unique_ptr<VisionEncoder>> Load(
      const EngineOptions& options);
  ~VisionEncoder();
  VisionEncoder(const VisionEncoder&) = delete;
  VisionEncoder& operator=(const VisionEncoder&) = delete;

  // Features of one picture, row-major bytes of
  // [max_tiles * rows_per_tile, hidden_size] in dtype(). INVALID_ARGUMENT:
  // tiles of another preprocessor.
  absl::StatusOr<std::string> Encode(const pixels::Tiles& tiles) const;

  // How pictures must be prepared for it.
  const pixels::PreprocessorConfig& preprocessor() const;
  DType dtype() const;
  int rows_per_tile() const;
  int hidden_size() const;
  int max_tiles() const;
  // Digest of the vision weights.
  const std::string& vision_digest() const;

 private:
  struct Parts;
  explicit VisionEncoder(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_VISION_ENCODER_H_
