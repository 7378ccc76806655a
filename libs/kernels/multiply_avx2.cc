#include <algorithm>
#include <array>

#include "libs/kernels/avx2.h"
#include "libs/kernels/tiled_multiply.h"

namespace stagebeam::kernels::avx2 {
namespace {

constexpr int64_t kPrefetch = 2048;
// Outputs of a line: two registers of 8.
constexpr int64_t kLine = 16;
constexpr int64_t kLines = kBlock / kLine;

using Args = TileArgs<float>;

STAGEBEAM_SIMD inline __m256i LoadBits(const BFloat16* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// Weights of one line for the first (0) or the second (1) input of a pair.
template <int kSecond>
STAGEBEAM_SIMD inline Floats Weights(const BFloat16* from) {
  const __m256i pairs = LoadBits(from);
  if constexpr (kSecond == 0)
    return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
  return _mm256_castsi256_ps(_mm256_and_si256(
      pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}

template <int kRows, int kSecond>
STAGEBEAM_SIMD inline void AddLine(const BFloat16* w, const float* x,
                                   Floats (&sums)[kRows][2]) {
  const Floats low = Weights<kSecond>(w);
  const Floats high = Weights<kSecond>(w + 2 * kLanes);
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const Floats input = _mm256_broadcast_ss(x + 2 * r + kSecond);
    sums[r][0] = MultiplyAdd(low, input, sums[r][0]);
    sums[r][1] = MultiplyAdd(high, input, sums[r][1]);
  }
}

// `kCount` lines of the block from line `first` on.
template <int kRows, int kCount>
STAGEBEAM_SIMD void MultiplyLines(const Args& a, int64_t first) {
  Floats sums[kCount][kRows][2];
  STAGEBEAM_UNROLL
  for (int l = 0; l < kCount; ++l) {
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      sums[l][r][0] = Load(a.bias + (first + l) * kLine);
      sums[l][r][1] = Load(a.bias + (first + l) * kLine + kLanes);
    }
  }
  const int64_t line_size = 2 * kLine * a.pairs;
  const BFloat16* w = a.weights + first * line_size;
  const float* x = a.x;
  for (int64_t i = 0; i < a.pairs; ++i, w += 2 * kLine, x += a.pair_stride) {
    STAGEBEAM_UNROLL
    for (int l = 0; l < kCount; ++l) {
      const BFloat16* const line = w + l * line_size;
      _mm_prefetch(reinterpret_cast<const char*>(line) + kPrefetch,
                   _MM_HINT_T0);
      AddLine<kRows, 0>(line, x, sums[l]);
      AddLine<kRows, 1>(line, x, sums[l]);
    }
  }
  STAGEBEAM_UNROLL
  for (int l = 0; l < kCount; ++l) {
    const int64_t begin = (first + l) * kLine;
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      BFloat16* const y = a.y + r * a.y_stride + begin;
      Store(sums[l][r][0], y, a.width - begin);
      Store(sums[l][r][1], y + kLanes, a.width - begin - kLanes);
    }
  }
}

// As many lines at once as the 16 registers have sums for; each sum is made in
// the same order either way.
template <int kRows>
void MultiplyTile(const Args& a) {
  if constexpr (kRows <= 2) {
    MultiplyLines<kRows, kLines>(a, 0);
  } else {
    for (int64_t line = 0; line < kLines; ++line)
      MultiplyLines<kRows, 1>(a, line);
  }
}

struct Set {
  using Input = float;
  // 2 * 5 sums, two weights, two inputs and a mask: with a sixth row GCC keeps
  // a sum in memory, and the loop waits for it.
  static constexpr int64_t kTileRows = 5;
  static constexpr int64_t kCacheBytes = int64_t{256} << 10;

  static void Multiply(int64_t rows, const Args& args) {
    static constexpr std::array<void (*)(const Args&), kTileRows> kTiles = {
        MultiplyTile<1>, MultiplyTile<2>, MultiplyTile<3>, MultiplyTile<4>,
        MultiplyTile<5>};
    kTiles[static_cast<size_t>(rows - 1)](args);
  }
};

}  // namespace

const MultiplyLoops kMultiply = {kLine, TiledMultiply<Set>};

}  // namespace stagebeam::kernels::avx2
