#include "libs/pixels/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "libs/pixels/image_limits.h"

namespace stagebeam::pixels {
namespace {

constexpr int kPrecisionBits = 22;

// The source samples that make one output sample, and their weights.
struct Window {
  int first = 0;
  std::vector<int32_t> weights;
};

Window WindowOf(int output, int in, double scale) {
  const double support = std::max(scale, 1.0);
  const double centre = (output + 0.5) * scale;
  Window window;
  window.first = std::max(static_cast<int>(centre - support + 0.5), 0);
  const int end = std::min(static_cast<int>(centre + support + 0.5), in);
  std::vector<double> weights;
  double sum = 0;
  for (int x = window.first; x < end; ++x) {
    const double distance = std::abs((x - centre + 0.5) * (1.0 / support));
    weights.push_back(std::max(0.0, 1.0 - distance));
    sum += weights.back();
  }
  for (double weight : weights) {
    const double scaled = weight / sum * (1 << kPrecisionBits);
    window.weights.push_back(static_cast<int32_t>(scaled + 0.5));
  }
  return window;
}

std::vector<Window> Windows(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  std::vector<Window> windows;
  windows.reserve(out);
  for (int o = 0; o < out; ++o) windows.push_back(WindowOf(o, in, scale));
  return windows;
}

// Weighted sum of the samples at `source`, `stride` bytes apart.
uint8_t Blend(const Window& window, const uint8_t* source, size_t stride) {
  int32_t sum = 1 << (kPrecisionBits - 1);
  for (int32_t weight : window.weights) {
    sum += weight * *source;
    source += stride;
  }
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

RgbImage ResizeColumns(const RgbImage& image, int width) {
  RgbImage resized = BlankImage(width, image.height);
  const std::vector<Window> windows = Windows(image.width, width);
  uint8_t* out = resized.data.data();
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* row = image.data.data() + size_t{3} * y * image.width;
    for (const Window& window : windows) {
      const uint8_t* first = row + size_t{3} * window.first;
      for (int c = 0; c < 3; ++c) *out++ = Blend(window, first + c, 3);
    }
  }
  return resized;
}

RgbImage ResizeRows(const RgbImage& image, int height) {
  RgbImage resized = BlankImage(image.width, height);
  const size_t stride = size_t{3} * image.width;
  std::vector<int32_t> sums(stride);
  uint8_t* out = resized.data.data();
  for (const Window& window : Windows(image.height, height)) {
    // Row by row rather than column by column: memory is read in order.
    std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
    const uint8_t* row = image.data.data() + window.first * stride;
    for (int32_t weight : window.weights) {
      for (size_t i = 0; i < stride; ++i) sums[i] += weight * row[i];
      row += stride;
    }
    for (int32_t sum : sums) {
      *out++ = static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
    }
  }
  return resized;
}

}  // namespace

RgbImage Resize(const RgbImage& image, int width, int height) {
  if (width == image.width && height == image.height) return image;
  if (height == image.height) return ResizeColumns(image, width);
  if (width == image.width) return ResizeRows(image, height);
  return ResizeRows(ResizeColumns(image, width), height);
}

}  // namespace stagebeam::pixels
