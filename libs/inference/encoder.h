#ifndef STAGEBEAM_LIBS_INFERENCE_ENCODER_H_
#define STAGEBEAM_LIBS_INFERENCE_ENCODER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/inference/request_context.h"

namespace stagebeam::inference {

// Names the stored vision features of one image: row-major
// [stored_tile_count * rows_per_tile, hidden_size].
struct ImageFeatures {
  // Content address of the features.
  std::string key;
  // Tiles that hold picture, [1, stored_tile_count]; they come first.
  int tile_count = 0;
  // Patches and class token of one tile.
  int rows_per_tile = 0;
  // The language model's hidden size.
  int hidden_size = 0;
  // The model's max_num_tiles.
  int stored_tile_count = 0;

  friend bool operator==(const ImageFeatures&, const ImageFeatures&) = default;
};

// Where an image's features are, and what it took to have them there.
struct EncodeResult {
  ImageFeatures features;
  // True where no encoding ran for this call.
  bool cached = false;
  // Decoding, tiling and encoding; zero where cached.
  absl::Duration encode_time;
};

// Turns a picture into features in the feature store. A remote encoder is an
// encoder; caches and meters are decorators of this interface.
//
// Implementations are thread-safe.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Encodes `image`, a whole PNG, JPEG or WebP file. Blocks until the features
  // can be read.
  //
  // INVALID_ARGUMENT: not such a picture, broken, or over a limit.
  // RESOURCE_EXHAUSTED: the queue is full. CANCELLED, DEADLINE_EXCEEDED: as the
  // context says. UNAVAILABLE: no encoder answers.
  virtual absl::StatusOr<EncodeResult> EncodeImage(
      const RequestContext& context, std::string_view image) = 0;
};

}  // namespace stagebeam::inference

#endif  // STAGEBEAM_LIBS_INFERENCE_ENCODER_H_
