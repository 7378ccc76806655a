#include "libs/pixels/image_limits.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace stagebeam::pixels {

absl::Status ImageError(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("image: ", std::string(what)));
}

absl::Status CheckSize(int64_t width, int64_t height,
                       const ImageLimits& limits) {
  const std::string size = absl::StrCat(width, "x", height, " pixels");
  if (width < 1 || height < 1)
    return ImageError(absl::StrCat(size, ", a side is empty"));
  if (std::max(width, height) > limits.max_side) {
    return ImageError(
        absl::StrCat(size, ", the limit of a side is ", limits.max_side));
  }
  if (width * height > limits.max_pixels) {
    return ImageError(absl::StrCat(size, " are ", width * height,
                                   ", the limit is ", limits.max_pixels));
  }
  return absl::OkStatus();
}

RgbImage BlankImage(int64_t width, int64_t height) {
  RgbImage image;
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  image.data.resize(static_cast<size_t>(width) * height * 3);
  return image;
}

}  // namespace stagebeam::pixels
