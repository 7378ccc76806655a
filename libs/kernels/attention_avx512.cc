#include "libs/kernels/avx512.h"
// In the words of the above.
#include "libs/kernels/attention_loops.h"

namespace stagebeam::kernels::avx512 {
namespace {

template <int kRows>
STAGEBEAM_SIMD void Dot(const DotArgs& d) {
  __m512 sums[kRows];
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r)
    sums[r] =
        d.add ? _mm512_loadu_ps(d.c + r * d.c_stride) : _mm512_setzero_ps();
  for (int64_t p = 0; p < d.pairs; ++p) {
    const auto b = (__m512bh)_mm512_loadu_si512(d.b + p * d.b_stride);
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const int32_t pair = PairAt(d.a + r * d.a_stride + 2 * p);
      sums[r] = _mm512_dpbf16_ps(sums[r], b, (__m512bh)_mm512_set1_epi32(pair));
    }
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r)
    _mm512_storeu_ps(d.c + r * d.c_stride, sums[r]);
}

void DotAll(const DotArgs& args, int64_t rows, int64_t columns) {
  static constexpr std::array<DotFunction, 8> kDots = {
      Dot<1>, Dot<2>, Dot<3>, Dot<4>, Dot<5>, Dot<6>, Dot<7>, Dot<8>};
  DotBy(kDots, args, rows, columns);
}

// The numbers of a row from `begin` on: up to 32, zeros behind its end.
STAGEBEAM_SIMD inline __m512i LoadRow(const BFloat16* row, int64_t begin,
                                      int64_t size) {
  const int64_t left = std::min<int64_t>(size - begin, 2 * kLanes);
  const auto mask = static_cast<__mmask32>((uint64_t{1} << left) - 1);
  return _mm512_maskz_loadu_epi16(mask, row + begin);
}

// 16 rows of 16 pairs from[r] to columns: to[i * stride] gets pair i of each.
STAGEBEAM_SIMD void TransposePairs(const BFloat16* const* from, int64_t rows,
                                   int64_t begin, int64_t size, BFloat16* to,
                                   int64_t stride) {
  __m512i x[16], y[16];
  STAGEBEAM_UNROLL
  for (int r = 0; r < 16; ++r)
    x[r] = r < rows ? LoadRow(from[r], begin, size) : _mm512_setzero_si512();
  // Pairs, then quads, then lanes of 128 bits, then halves change places.
  STAGEBEAM_UNROLL
  for (int r = 0; r < 16; r += 2) {
    y[r] = _mm512_unpacklo_epi32(x[r], x[r + 1]);
    y[r + 1] = _mm512_unpackhi_epi32(x[r], x[r + 1]);
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < 16; r += 4) {
    x[r] = _mm512_unpacklo_epi64(y[r], y[r + 2]);
    x[r + 1] = _mm512_unpackhi_epi64(y[r], y[r + 2]);
    x[r + 2] = _mm512_unpacklo_epi64(y[r + 1], y[r + 3]);
    x[r + 3] = _mm512_unpackhi_epi64(y[r + 1], y[r + 3]);
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < 4; ++r) {
    y[r] = _mm512_shuffle_i32x4(x[r], x[r + 4], 0x88);
    y[r + 4] = _mm512_shuffle_i32x4(x[r], x[r + 4], 0xdd);
    y[r + 8] = _mm512_shuffle_i32x4(x[r + 8], x[r + 12], 0x88);
    y[r + 12] = _mm512_shuffle_i32x4(x[r + 8], x[r + 12], 0xdd);
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < 8; ++r) {
    x[r] = _mm512_shuffle_i32x4(y[r], y[r + 8], 0x88);
    x[r + 8] = _mm512_shuffle_i32x4(y[r], y[r + 8], 0xdd);
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < 16; ++r) _mm512_storeu_si512(to + r * stride, x[r]);
}

// Two rows of 32 numbers from `begin` on, first and second taken in turns; no
// second row is zeros.
STAGEBEAM_SIMD void Interleave(const BFloat16* first, const BFloat16* second,
                               int64_t begin, int64_t size, BFloat16* to) {
  const __m512i a = LoadRow(first, begin, size);
  const __m512i b =
      second == nullptr ? _mm512_setzero_si512() : LoadRow(second, begin, size);
  // In each lane of 128 bits: 8 numbers of a row, low ones first.
  const __m512i low = _mm512_unpacklo_epi16(a, b);
  const __m512i high = _mm512_unpackhi_epi16(a, b);
  const __m512i front = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const __m512i back = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  _mm512_storeu_si512(to, _mm512_permutex2var_epi64(low, front, high));
  _mm512_storeu_si512(to + 32, _mm512_permutex2var_epi64(low, back, high));
}

void LoadTile(TokenTile& tile, int64_t head_dim) {
  const int64_t length = tile.length;
  for (int64_t t = 0; t < length; t += kLanes) {
    for (int64_t d = 0; d < head_dim; d += 2 * kLanes) {
      TransposePairs(tile.key_rows + t, std::min(kLanes, length - t), d,
                     head_dim, tile.keys + d * kTileTokens + 2 * t,
                     2 * kTileTokens);
    }
  }
  // In order: what a row writes behind its end, the next one overwrites.
  for (int64_t t = 0; t < length; t += 2) {
    const BFloat16* const second =
        t + 1 < length ? tile.value_rows[t + 1] : nullptr;
    for (int64_t d = 0; d < head_dim; d += 2 * kLanes) {
      Interleave(tile.value_rows[t], second, d, head_dim,
                 tile.values + t * head_dim + 2 * d);
    }
  }
}

}  // namespace

const AttentionLoops kAttention = {LoadTile, DotAll, WeighRow, ShrinkRow};

}  // namespace stagebeam::kernels::avx512
