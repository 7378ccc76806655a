#ifndef STAGEBEAM_LIBS_PIXELS_ORIENTATION_H_
#define STAGEBEAM_LIBS_PIXELS_ORIENTATION_H_

#include "libs/pixels/image_decoder.h"

namespace stagebeam::pixels {

// Turns `image` upright by its EXIF orientation, [1, 8]: 1 as it is, 2 mirrored
// left to right, 3 turned by 180 degrees, 4 mirrored top to bottom, 5
// transposed, 6 turned clockwise, 7 transposed over the other diagonal, 8
// turned counter-clockwise. 5 to 8 swap width and height.
RgbImage Upright(RgbImage image, int orientation);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_ORIENTATION_H_
