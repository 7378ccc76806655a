#ifndef STAGEBEAM_LIBS_FEATURES_LITTLE_ENDIAN_H_
#define STAGEBEAM_LIBS_FEATURES_LITTLE_ENDIAN_H_

#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

namespace stagebeam::features {

static_assert(std::endian::native == std::endian::little,
              "blobs hold raw little-endian tensors; a big-endian host would "
              "have to swap them");

// Reads an integer from unaligned bytes; the caller has checked that they
// exist.
template <typename Integer>
Integer LoadLittleEndian(const char* bytes) {
  static_assert(std::is_integral_v<Integer>);
  Integer value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// Appends the bytes of an integer.
template <typename Integer>
void AppendLittleEndian(Integer value, std::string& bytes) {
  static_assert(std::is_integral_v<Integer>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_LITTLE_ENDIAN_H_
