#include "libs/tokens/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "libs/tokens/utf8.h"

namespace stagebeam::tokens {
namespace {

constexpr int kSubstituteCount = 68;

constexpr bool StandsForItself(int code_point) {
  return (code_point >= 33 && code_point <= 126) ||
         (code_point >= 161 && code_point <= 172) ||
         (code_point >= 174 && code_point <= 255);
}

// Byte of U+0100 + index.
constexpr std::array<uint8_t, kSubstituteCount> MakeSubstitutes() {
  std::array<uint8_t, kSubstituteCount> bytes{};
  int next = 0;
  for (int byte = 0; byte < 256; ++byte) {
    if (!StandsForItself(byte)) bytes[next++] = static_cast<uint8_t>(byte);
  }
  return bytes;
}

constexpr std::array<uint8_t, kSubstituteCount> kSubstitutes =
    MakeSubstitutes();

}  // namespace

std::optional<std::string> BytesOfToken(std::string_view token) {
  std::string bytes;
  bytes.reserve(token.size());
  while (!token.empty()) {
    const char32_t c = TakeCodePoint(&token);
    if (c < 256 && StandsForItself(static_cast<int>(c))) {
      bytes.push_back(static_cast<char>(c));
    } else if (c >= 0x100 && c < 0x100 + kSubstituteCount) {
      bytes.push_back(static_cast<char>(kSubstitutes[c - 0x100]));
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

}  // namespace stagebeam::tokens
