#include "libs/remote/stable_hash.h"

#include <cstring>

namespace stagebeam::remote {
namespace {

constexpr uint64_t kSeed = 0x9E3779B97F4A7C15;

// The finalizer of MurmurHash3: every bit of the input moves every bit of the
// output.
uint64_t Avalanche(uint64_t value) {
  value ^= value >> 33;
  value *= 0xFF51AFD7ED558CCD;
  value ^= value >> 33;
  value *= 0xC4CEB9FE1A85EC53;
  value ^= value >> 33;
  return value;
}

}  // namespace

uint64_t MixHashes(uint64_t a, uint64_t b) {
  return Avalanche((a ^ Avalanche(b)) * 5 + kSeed);
}

uint64_t StableHash(std::string_view bytes) {
  uint64_t hash = kSeed ^ bytes.size();
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t count = bytes.size() < 8 ? bytes.size() : 8;
    std::memcpy(&word, bytes.data(), count);
    hash = MixHashes(hash, word);
    bytes.remove_prefix(count);
  }
  return hash;
}

}  // namespace stagebeam::remote
