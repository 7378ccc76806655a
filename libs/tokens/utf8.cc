#include "libs/tokens/utf8.h"

#include <algorithm>

namespace stagebeam::tokens {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// What a lead byte promises: how many bytes, and the range of the second one,
// which excludes overlong forms, surrogates and values over U+10FFFF.
struct Lead {
  size_t length;
  uint8_t low;
  uint8_t high;
};

Lead LeadOf(uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

Utf8Part NextUtf8Part(std::string_view bytes) {
  const Lead lead = LeadOf(static_cast<uint8_t>(bytes[0]));
  if (lead.length == 0) return {Utf8Part::Kind::kInvalid, 1};
  for (size_t i = 1; i < lead.length; ++i) {
    if (i == bytes.size()) return {Utf8Part::Kind::kIncomplete, i};
    const uint8_t byte = static_cast<uint8_t>(bytes[i]);
    const uint8_t low = i == 1 ? lead.low : 0x80;
    const uint8_t high = i == 1 ? lead.high : 0xBF;
    if (byte < low || byte > high) return {Utf8Part::Kind::kInvalid, i};
  }
  return {Utf8Part::Kind::kCharacter, lead.length};
}

size_t AppendUtf8(std::string_view bytes, std::string* text) {
  size_t consumed = 0;
  while (consumed < bytes.size()) {
    const Utf8Part part = NextUtf8Part(bytes.substr(consumed));
    if (part.kind == Utf8Part::Kind::kIncomplete) break;
    if (part.kind == Utf8Part::Kind::kCharacter) {
      text->append(bytes.substr(consumed, part.length));
    } else {
      text->append(kReplacement);
    }
    consumed += part.length;
  }
  return consumed;
}

std::string ToValidUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  if (AppendUtf8(bytes, &text) < bytes.size()) text.append(kReplacement);
  return text;
}

char32_t TakeCodePoint(std::string_view* text) {
  const uint8_t first = static_cast<uint8_t>((*text)[0]);
  const size_t promised = first < 0x80   ? 1
                          : first < 0xE0 ? 2
                          : first < 0xF0 ? 3
                                         : 4;
  const size_t length = std::min(promised, text->size());
  char32_t code_point = promised == 1 ? first : first & (0x7F >> promised);
  for (size_t i = 1; i < length; ++i) {
    code_point = code_point << 6 | (static_cast<uint8_t>((*text)[i]) & 0x3F);
  }
  text->remove_prefix(length);
  return code_point;
}

}  // namespace stagebeam::tokens
