#include "libs/engine/philox.h"

namespace stagebeam::engine {
namespace {

constexpr uint64_t kMultiplier0 = 0xD2511F53;
constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

PhiloxCounter Round(const PhiloxCounter& c, const PhiloxKey& key) {
  const uint64_t p0 = kMultiplier0 * c[0];
  const uint64_t p1 = kMultiplier1 * c[2];
  return {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ key[0],
          static_cast<uint32_t>(p1),
          static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ key[1],
          static_cast<uint32_t>(p0)};
}

}  // namespace

PhiloxCounter Philox4x32(const PhiloxCounter& counter, const PhiloxKey& key) {
  PhiloxCounter words = counter;
  PhiloxKey round_key = key;
  for (int round = 0; round < kRounds; ++round) {
    words = Round(words, round_key);
    round_key[0] += kWeyl0;
    round_key[1] += kWeyl1;
  }
  return words;
}

double DrawUniform(int64_t seed, int stage, int candidate, int position) {
  const auto bits = static_cast<uint64_t>(seed);
  const PhiloxCounter words = Philox4x32(
      {static_cast<uint32_t>(stage), static_cast<uint32_t>(candidate),
       static_cast<uint32_t>(position), 0},
      {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)});
  const uint64_t joined = (static_cast<uint64_t>(words[0]) << 32) | words[1];
  return static_cast<double>(joined >> 11) * 0x1p-53;
}

}  // namespace stagebeam::engine
