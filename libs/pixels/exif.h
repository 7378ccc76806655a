#ifndef STAGEBEAM_LIBS_PIXELS_EXIF_H_
#define STAGEBEAM_LIBS_PIXELS_EXIF_H_

#include <string_view>

namespace stagebeam::pixels {

// The Orientation tag (0x0112) of the first directory of `exif`, a TIFF header
// and what follows, with or without "Exif\0\0" in front. 1 (upright) where
// there is none, it is out of [1, 8], or the bytes make no sense: a picture is
// never refused for its metadata.
int ExifOrientation(std::string_view exif);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_EXIF_H_
