#ifndef STAGEBEAM_LIBS_FEATURES_CHECKSUM_H_
#define STAGEBEAM_LIBS_FEATURES_CHECKSUM_H_

#include <cstdint>
#include <string_view>

namespace stagebeam::features {

// XXH64 of `bytes` (github.com/Cyan4973/xxHash, doc/xxhash_spec.md): not
// cryptographic, several GB/s on any 64-bit CPU, the same on every machine.
uint64_t Checksum64(std::string_view bytes, uint64_t seed = 0);

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_CHECKSUM_H_
