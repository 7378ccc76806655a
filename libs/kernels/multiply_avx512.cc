#include <array>
#include <cstring>

#include "libs/kernels/avx512.h"
#include "libs/kernels/tiled_multiply.h"

namespace stagebeam::kernels::avx512 {
namespace {

// How many bytes ahead of its use memory is asked for.
constexpr int64_t kPrefetch = 4096;

using Args = TileArgs<BFloat16>;

template <int kRows>
STAGEBEAM_SIMD void MultiplyTile(const Args& a) {
  Floats sums[kRows][2];
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = Load(a.bias);
    sums[r][1] = Load(a.bias + kLanes);
  }
  const BFloat16* w = a.weights;
  const BFloat16* x = a.x;
  for (int64_t i = 0; i < a.pairs; ++i, w += 2 * kBlock, x += a.pair_stride) {
    _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetch, _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetch + 64,
                 _MM_HINT_T0);
    const auto low = (__m512bh)_mm512_loadu_si512(w);
    const auto high = (__m512bh)_mm512_loadu_si512(w + kBlock);
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      std::memcpy(&pair, x + r * a.row_stride, sizeof(pair));
      const auto input = (__m512bh)_mm512_set1_epi32(pair);
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], low, input);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], high, input);
    }
  }
  const auto mask = static_cast<__mmask32>((uint64_t{1} << a.width) - 1);
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const auto rounded = (__m512i)_mm512_cvtne2ps_pbh(sums[r][1], sums[r][0]);
    _mm512_mask_storeu_epi16(a.y + r * a.y_stride, mask, rounded);
  }
}

struct Set {
  using Input = BFloat16;
  // 2 * 12 sums, two weights and one input fill the 32 registers.
  static constexpr int64_t kTileRows = 12;
  static constexpr int64_t kCacheBytes = int64_t{512} << 10;

  static void Multiply(int64_t rows, const Args& args) {
    static constexpr std::array<void (*)(const Args&), kTileRows> kTiles = {
        MultiplyTile<1>, MultiplyTile<2>,  MultiplyTile<3>,  MultiplyTile<4>,
        MultiplyTile<5>, MultiplyTile<6>,  MultiplyTile<7>,  MultiplyTile<8>,
        MultiplyTile<9>, MultiplyTile<10>, MultiplyTile<11>, MultiplyTile<12>};
    kTiles[static_cast<size_t>(rows - 1)](args);
  }
};

}  // namespace

const MultiplyLoops kMultiply = {kBlock, TiledMultiply<Set>};

}  // namespace stagebeam::kernels::avx512
