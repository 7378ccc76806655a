#include "libs/features/checksum.h"

#include <array>
#include <bit>

#include "libs/features/little_endian.h"

namespace stagebeam::features {
namespace {

// The five primes of the specification.
constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

uint64_t Round(uint64_t lane, uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

uint64_t MergeLane(uint64_t hash, uint64_t lane) {
  return (hash ^ Round(0, lane)) * kPrime1 + kPrime4;
}

// Consumes the whole 32-byte stripes of `bytes` in four independent lanes.
uint64_t HashStripes(std::string_view& bytes, uint64_t seed) {
  std::array<uint64_t, 4> lanes = {seed + kPrime1 + kPrime2, seed + kPrime2,
                                   seed, seed - kPrime1};
  for (; bytes.size() >= 32; bytes.remove_prefix(32)) {
    for (int i = 0; i < 4; ++i) {
      lanes[i] =
          Round(lanes[i], LoadLittleEndian<uint64_t>(bytes.data() + 8 * i));
    }
  }
  uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) +
                  std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (uint64_t lane : lanes) hash = MergeLane(hash, lane);
  return hash;
}

// Consumes the up to 31 bytes that the stripes leave.
uint64_t HashTail(std::string_view bytes, uint64_t hash) {
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    hash ^= Round(0, LoadLittleEndian<uint64_t>(bytes.data()));
    hash = std::rotl(hash, 27) * kPrime1 + kPrime4;
  }
  if (bytes.size() >= 4) {
    hash ^= LoadLittleEndian<uint32_t>(bytes.data()) * kPrime1;
    hash = std::rotl(hash, 23) * kPrime2 + kPrime3;
    bytes.remove_prefix(4);
  }
  for (char byte : bytes) {
    hash ^= static_cast<uint8_t>(byte) * kPrime5;
    hash = std::rotl(hash, 11) * kPrime1;
  }
  return hash;
}

uint64_t Avalanche(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace

uint64_t Checksum64(std::string_view bytes, uint64_t seed) {
  const uint64_t size = bytes.size();
  uint64_t hash = size >= 32 ? HashStripes(bytes, seed) : seed + kPrime5;
  return Avalanche(HashTail(bytes, hash + size));
}

}  // namespace stagebeam::features
