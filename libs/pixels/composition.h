#ifndef STAGEBEAM_LIBS_PIXELS_COMPOSITION_H_
#define STAGEBEAM_LIBS_PIXELS_COMPOSITION_H_

#include <cstdint>

namespace stagebeam::pixels {

// `colour` with `alpha` over white, rounded to nearest: what Pillow's
// alpha_composite gives over an opaque white background, for all 65536 pairs.
constexpr uint8_t OverWhite(uint8_t colour, uint8_t alpha) {
  const int sum = colour * alpha + 255 * (255 - alpha);
  return static_cast<uint8_t>((2 * sum + 255) / 510);
}

// Writes the RGBA pixel at `rgba` over white to the three bytes at `rgb`.
constexpr void ComposeOverWhite(const uint8_t* rgba, uint8_t* rgb) {
  for (int c = 0; c < 3; ++c) rgb[c] = OverWhite(rgba[c], rgba[3]);
}

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_COMPOSITION_H_
