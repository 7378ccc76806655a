#ifndef STAGEBEAM_LIBS_SEARCH_RANDOM_H_
#define STAGEBEAM_LIBS_SEARCH_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Randomness that is the same on every platform, which the standard library's
// distributions and std::shuffle are not.
namespace stagebeam::search {

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014). Not thread-safe.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed) : state_(seed) {}

  // Uniform over all 64-bit numbers.
  uint64_t Next();
  // Uniform over [0, bound), bound > 0, without bias.
  uint64_t Below(uint64_t bound);

  // A uniform permutation (Fisher and Yates).
  template <class T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[Below(i)]);
  }

 private:
  uint64_t state_;
};

// What a derived seed is for, so that no two uses share a stream.
enum class SeedUse : uint64_t { kSampling = 1, kPairing = 2, kJudging = 3 };

// A seed of its own for the part (`use`, `round`, `index`) of a search.
int64_t DeriveSeed(int64_t seed, SeedUse use, uint64_t round, uint64_t index);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_RANDOM_H_
