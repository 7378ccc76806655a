#include "libs/search/random.h"

namespace stagebeam::search {

uint64_t RandomStream::Next() {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t RandomStream::Below(uint64_t bound) {
  // Numbers below 2^64 mod bound would make small remainders too frequent.
  const uint64_t surplus = -bound % bound;
  uint64_t drawn = Next();
  while (drawn < surplus) drawn = Next();
  return drawn % bound;
}

int64_t DeriveSeed(int64_t seed, SeedUse use, uint64_t round, uint64_t index) {
  uint64_t mixed = RandomStream(static_cast<uint64_t>(seed)).Next();
  for (uint64_t part : {static_cast<uint64_t>(use), round, index}) {
    mixed = RandomStream(mixed ^ part).Next();
  }
  return static_cast<int64_t>(mixed);
}

}  // namespace stagebeam::search
