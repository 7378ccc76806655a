#ifndef STAGEBEAM_LIBS_PIXELS_PNG_DECODER_H_
#define STAGEBEAM_LIBS_PIXELS_PNG_DECODER_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "libs/pixels/image_decoder.h"

namespace stagebeam::pixels {

// True where `file` starts with PNG's signature.
bool LooksLikePng(std::string_view file);

// Decodes a whole PNG file to RGB as stored, not turned. Of the ancillary
// chunks only tRNS is read; all others, compressed ones too, are skipped.
// Errors as DecodeImage.
absl::StatusOr<RgbImage> DecodePng(std::string_view file,
                                   const ImageLimits& limits);

// The content of the eXIf chunk; empty where there is none.
std::string_view FindPngExif(std::string_view file);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_PNG_DECODER_H_
