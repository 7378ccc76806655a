#ifndef STAGEBEAM_LIBS_TOKENS_BYTE_ALPHABET_H_
#define STAGEBEAM_LIBS_TOKENS_BYTE_ALPHABET_H_

#include <optional>
#include <string>
#include <string_view>

namespace stagebeam::tokens {

// Bytes that a token of a byte-level vocabulary stands for. tokenizer.json
// writes each byte as one printable character: 33-126, 161-172 and 174-255 as
// themselves, the other 68 in ascending order as U+0100, U+0101, …. Nothing
// where `token`, which must be well-formed UTF-8, has another character.
std::optional<std::string> BytesOfToken(std::string_view token);

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_BYTE_ALPHABET_H_
