#ifndef STAGEBEAM_LIBS_SERVING_UTF8_TEXT_H_
#define STAGEBEAM_LIBS_SERVING_UTF8_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace stagebeam::serving {

// Length in bytes, 1 to 4, of the UTF-8 character that starts `text`; 0 where
// `text` is empty or starts with none (RFC 3629: no surrogates, no overlong
// forms).
size_t Utf8CharacterLength(std::string_view text);

// `bytes` with U+FFFD in place of every byte that is not UTF-8.
std::string ToValidUtf8(std::string_view bytes);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_UTF8_TEXT_H_
