#include "libs/pixels/image_decoder.h"

#include <array>
#include <new>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/pixels/exif.h"
#include "libs/pixels/image_limits.h"
#include "libs/pixels/jpeg_decoder.h"
#include "libs/pixels/orientation.h"
#include "libs/pixels/png_decoder.h"
#include "libs/pixels/webp_decoder.h"

namespace stagebeam::pixels {
namespace {

// A file format by its first bytes, and how to read it.
struct Format {
  bool (*looks_like)(std::string_view file);
  absl::StatusOr<RgbImage> (*decode)(std::string_view file,
                                     const ImageLimits& limits);
  std::string_view (*find_exif)(std::string_view file);
};

constexpr std::array<Format, 3> kFormats = {{
    {LooksLikePng, DecodePng, FindPngExif},
    {LooksLikeJpeg, DecodeJpeg, FindJpegExif},
    {LooksLikeWebp, DecodeWebp, FindWebpExif},
}};

// Formats that users send and we do not read, to name them in the error.
std::string_view NameOfOther(std::string_view file) {
  if (file.substr(0, 4) == "GIF8") return "GIF";
  if (file.substr(0, 2) == "BM") return "BMP";
  if (file.substr(0, 4) == std::string_view("II*\0", 4)) return "TIFF";
  if (file.substr(0, 4) == std::string_view("MM\0*", 4)) return "TIFF";
  if (file.substr(0, 5) == "%PDF-") return "PDF";
  if (file.size() < 12 || file.substr(4, 4) != "ftyp") return "";
  return file.substr(8, 4) == "avif" ? "AVIF" : "HEIC";
}

absl::Status UnknownFormat(std::string_view file) {
  const std::string name(NameOfOther(file));
  if (name.empty()) return ImageError("not a PNG, JPEG or WebP file");
  return ImageError(
      absl::StrCat(name, " is not supported, send PNG, JPEG or WebP"));
}

absl::StatusOr<RgbImage> DecodeAs(const Format& format, std::string_view file,
                                  const ImageLimits& limits) {
  absl::StatusOr<RgbImage> image = format.decode(file, limits);
  if (!image.ok()) return image;
  return Upright(*std::move(image), ExifOrientation(format.find_exif(file)));
}

}  // namespace

absl::StatusOr<RgbImage> DecodeImage(std::string_view file,
                                     const ImageLimits& limits) {
  if (file.empty()) return ImageError("empty");
  if (static_cast<int64_t>(file.size()) > limits.max_bytes) {
    return ImageError(
        absl::StrCat(file.size(), " bytes, the limit is ", limits.max_bytes));
  }
  for (const Format& format : kFormats) {
    if (!format.looks_like(file)) continue;
    try {
      return DecodeAs(format, file, limits);
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError("image: out of memory");
    }
  }
  return UnknownFormat(file);
}

}  // namespace stagebeam::pixels
