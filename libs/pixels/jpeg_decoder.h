#ifndef STAGEBEAM_LIBS_PIXELS_JPEG_DECODER_H_
#define STAGEBEAM_LIBS_PIXELS_JPEG_DECODER_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "libs/pixels/image_decoder.h"

namespace stagebeam::pixels {

// True where `file` starts as JPEG files do.
bool LooksLikeJpeg(std::string_view file);

// Decodes a whole JPEG file (baseline or progressive; grey, YCbCr, RGB, CMYK or
// YCCK, the last two inverted as Adobe writes them) to RGB as stored, not
// turned. A progressive file may have 100 scans. Errors as DecodeImage.
absl::StatusOr<RgbImage> DecodeJpeg(std::string_view file,
                                    const ImageLimits& limits);

// The content of the first EXIF segment; empty where there is none.
std::string_view FindJpegExif(std::string_view file);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_JPEG_DECODER_H_
