#ifndef STAGEBEAM_LIBS_REMOTE_STABLE_HASH_H_
#define STAGEBEAM_LIBS_REMOTE_STABLE_HASH_H_

#include <cstdint>
#include <string_view>

namespace stagebeam::remote {

// A hash that is the same in every process and release, to spread keys over
// replicas. Reads eight bytes at a time, since keys can be whole pictures. No
// defence against chosen collisions.
uint64_t StableHash(std::string_view bytes);

// One hash of two.
uint64_t MixHashes(uint64_t a, uint64_t b);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_STABLE_HASH_H_
