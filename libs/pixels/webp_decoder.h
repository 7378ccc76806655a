#ifndef STAGEBEAM_LIBS_PIXELS_WEBP_DECODER_H_
#define STAGEBEAM_LIBS_PIXELS_WEBP_DECODER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/pixels/image_decoder.h"

namespace stagebeam::pixels {

// True where `file` starts as WebP files do.
bool LooksLikeWebp(std::string_view file);

// Decodes a whole WebP file (lossy or lossless, with or without alpha; of an
// animation the first frame on its canvas) to RGB as stored, not turned.
// Errors as DecodeImage.
absl::StatusOr<RgbImage> DecodeWebp(std::string_view file,
                                    const ImageLimits& limits);

// The content of the EXIF chunk; empty where there is none.
std::string_view FindWebpExif(std::string_view file);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_WEBP_DECODER_H_
