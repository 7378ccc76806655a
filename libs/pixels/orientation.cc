#include "libs/pixels/orientation.h"

#include <cstddef>
#include <cstring>

#include "libs/pixels/image_limits.h"

namespace stagebeam::pixels {
namespace {

// Where the upright picture's pixel (x, y) comes from: source offset in pixels
// = start + x * step_x + y * step_y.
struct Walk {
  ptrdiff_t start = 0;
  ptrdiff_t step_x = 0;
  ptrdiff_t step_y = 0;
};

Walk WalkOf(int orientation, ptrdiff_t width, ptrdiff_t height) {
  const ptrdiff_t right = width - 1;
  const ptrdiff_t bottom = (height - 1) * width;
  switch (orientation) {
    case 2:
      return {right, -1, width};
    case 3:
      return {bottom + right, -1, -width};
    case 4:
      return {bottom, 1, -width};
    case 5:
      return {0, width, 1};
    case 6:
      return {bottom, -width, 1};
    case 7:
      return {bottom + right, -width, -1};
    case 8:
      return {right, width, -1};
    default:
      return {0, 1, width};
  }
}

}  // namespace

RgbImage Upright(RgbImage image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool swapped = orientation >= 5;
  RgbImage upright = BlankImage(swapped ? image.height : image.width,  //
                                swapped ? image.width : image.height);
  const Walk walk = WalkOf(orientation, image.width, image.height);
  uint8_t* out = upright.data.data();
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x, out += 3) {
      const ptrdiff_t from = walk.start + x * walk.step_x + y * walk.step_y;
      std::memcpy(out, image.data.data() + from * 3, 3);
    }
  }
  return upright;
}

}  // namespace stagebeam::pixels
