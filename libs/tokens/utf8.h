#ifndef STAGEBEAM_LIBS_TOKENS_UTF8_H_
#define STAGEBEAM_LIBS_TOKENS_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stagebeam::tokens {

// What some bytes begin with.
struct Utf8Part {
  enum class Kind {
    // One well-formed character.
    kCharacter,
    // A maximal part that no character begins with (Unicode 15, table 3-8).
    kInvalid,
    // The whole rest: the beginning of a character that is cut off.
    kIncomplete,
  };
  Kind kind = Kind::kInvalid;
  size_t length = 0;
};

// Looks at the first part of `bytes`, which must not be empty.
Utf8Part NextUtf8Part(std::string_view bytes);

// Appends `bytes` to `text`, each maximal invalid part as U+FFFD. Stops at a
// character that is cut off. Returns the number of bytes consumed.
size_t AppendUtf8(std::string_view bytes, std::string* text);

// The same of bytes after which nothing follows: a cut-off character is
// invalid, too.
std::string ToValidUtf8(std::string_view bytes);

// Code points of well-formed UTF-8, one at a time: removes the first from the
// front of `text`, which must not be empty. Of ill-formed text some code point,
// within the text's bounds.
char32_t TakeCodePoint(std::string_view* text);

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_UTF8_H_
