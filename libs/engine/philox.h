#ifndef STAGEBEAM_LIBS_ENGINE_PHILOX_H_
#define STAGEBEAM_LIBS_ENGINE_PHILOX_H_

#include <array>
#include <cstdint>

namespace stagebeam::engine {

using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

// Four random words of Philox 4x32-10, a counter-based generator: the same key
// and counter give the same words, in whatever order they are asked for
// (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
PhiloxCounter Philox4x32(const PhiloxCounter& counter, const PhiloxKey& key);

// A number in [0, 1) of 53 random bits, for one draw: key = seed, counter =
// (stage, candidate, position, 0).
double DrawUniform(int64_t seed, int stage, int candidate, int position);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_PHILOX_H_
