#include "libs/pixels/exif.h"

#include <cstddef>
#include <cstdint>

namespace stagebeam::pixels {
namespace {

constexpr int kUpright = 1;
constexpr uint16_t kOrientationTag = 0x0112;
constexpr size_t kEntryBytes = 12;

// Numbers of a TIFF structure in its own byte order; past the end reads as 0.
class TiffReader {
 public:
  TiffReader(std::string_view bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  uint32_t Number(size_t offset, size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t at = big_endian_ ? offset + i : offset + size - 1 - i;
      value = value << 8 | static_cast<uint8_t>(bytes_[at]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

// Bytes of the integer types that writers use for the tag; 0 for any other.
size_t SizeOfType(uint32_t type) {
  switch (type) {
    case 1:
      return 1;
    case 3:
      return 2;
    case 4:
      return 4;
    default:
      return 0;
  }
}

}  // namespace

int ExifOrientation(std::string_view exif) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  if (exif.substr(0, kPrefix.size()) == kPrefix)
    exif.remove_prefix(kPrefix.size());
  const std::string_view order = exif.substr(0, 2);
  if (order != "II" && order != "MM") return kUpright;
  const TiffReader reader(exif, order == "MM");
  if (reader.Number(2, 2) != 42) return kUpright;

  const size_t directory = reader.Number(4, 4);
  const uint32_t entries = reader.Number(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > exif.size()) return kUpright;
    if (reader.Number(entry, 2) != kOrientationTag) continue;
    const size_t size = SizeOfType(reader.Number(entry + 2, 2));
    const uint32_t value = reader.Number(entry + 8, size);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : kUpright;
  }
  return kUpright;
}

}  // namespace stagebeam::pixels
