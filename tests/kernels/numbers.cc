#include "tests/kernels/numbers.h"

#include <random>

namespace stagebeam::kernels {

std::vector<BFloat16> RandomNumbers(int64_t count, int seed) {
  std::mt19937 random(static_cast<uint32_t>(seed));
  std::normal_distribution<float> normal;
  std::vector<BFloat16> numbers(static_cast<size_t>(count));
  for (BFloat16& number : numbers) number = ToBFloat16(normal(random));
  return numbers;
}

}  // namespace stagebeam::kernels
