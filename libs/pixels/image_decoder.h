#ifndef STAGEBEAM_LIBS_PIXELS_IMAGE_DECODER_H_
#define STAGEBEAM_LIBS_PIXELS_IMAGE_DECODER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace stagebeam::pixels {

// 8-bit RGB, row-major [height, width, 3].
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> data;
};

// What a picture may cost. Checked against the header, before decoding.
struct ImageLimits {
  int64_t max_bytes = 32 << 20;
  int max_side = 16384;
  int64_t max_pixels = 64 << 20;
};

// Decodes a whole PNG, JPEG or WebP file to RGB, upright by its EXIF
// orientation, as Pillow and Hugging Face's convert_to_rgb do: transparency is
// composed over white, 16-bit RGB keeps the high byte, 16-bit grey without
// alpha is clipped. An animation gives its first frame.
//
// INVALID_ARGUMENT names what is wrong ("image: ..."): empty, not such a file,
// broken or truncated, or which limit it is over. RESOURCE_EXHAUSTED: out of
// memory.
absl::StatusOr<RgbImage> DecodeImage(std::string_view file,
                                     const ImageLimits& limits);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_IMAGE_DECODER_H_
