#include "libs/kernels/softmax.h"

#include <algorithm>
#include <cmath>

#include "libs/kernels/loops.h"

namespace stagebeam::kernels {
namespace {

// Numbers whose sum may be fp32.
constexpr int64_t kSpan = 512;

double PlainExponentials(const float* x, int64_t size, float top, float scale,
                         float* weights) {
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    const float weight = std::exp((x[i] - top) * scale);
    if (weights != nullptr) weights[i] = weight;
    sum += weight;
  }
  return sum;
}

}  // namespace

double Exponentials(const float* x, int64_t size, float top, float scale,
                    float* weights, InstructionSet set) {
  if (set == InstructionSet::kNone)
    return PlainExponentials(x, size, top, scale, weights);
  const ElementwiseLoops& loops = LoopsOf(set).elementwise;
  double sum = 0;
  for (int64_t i = 0; i < size; i += kSpan)
    sum += loops.exponentials(x + i, std::min(kSpan, size - i), top, scale,
                              weights == nullptr ? nullptr : weights + i);
  return sum;
}

}  // namespace stagebeam::kernels
