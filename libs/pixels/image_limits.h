#ifndef STAGEBEAM_LIBS_PIXELS_IMAGE_LIMITS_H_
#define STAGEBEAM_LIBS_PIXELS_IMAGE_LIMITS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "libs/pixels/image_decoder.h"

namespace stagebeam::pixels {

// The one shape of this room's errors: INVALID_ARGUMENT "image: <what>".
absl::Status ImageError(std::string_view what);

// Checks a picture's size as its header gives it, in pixels: both sides at
// least 1 and within the limits. Error as ImageError, naming size and limit.
absl::Status CheckSize(int64_t width, int64_t height,
                       const ImageLimits& limits);

// A black picture of a checked size.
RgbImage BlankImage(int64_t width, int64_t height);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_IMAGE_LIMITS_H_
