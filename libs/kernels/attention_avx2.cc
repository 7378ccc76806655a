#include "libs/kernels/avx2.h"
// In the words of the above.
#include "libs/kernels/attention_loops.h"

namespace stagebeam::kernels::avx2 {
namespace {

// Pairs of one 256-bit register.
constexpr int64_t kPairs = 8;

STAGEBEAM_SIMD inline __m256i LoadBits(const BFloat16* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

STAGEBEAM_SIMD inline void StoreBits(__m256i x, BFloat16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
}

// The first and the second number of each pair.
STAGEBEAM_SIMD inline Floats Firsts(__m256i pairs) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
}
STAGEBEAM_SIMD inline Floats Seconds(__m256i pairs) {
  const __m256i upper = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  return _mm256_castsi256_ps(_mm256_and_si256(pairs, upper));
}

template <int kRows>
STAGEBEAM_SIMD void Dot(const DotArgs& d) {
  Floats sums[kRows][2];
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* const c = d.c + r * d.c_stride;
    sums[r][0] = d.add ? Load(c) : Broadcast(0);
    sums[r][1] = d.add ? Load(c + kLanes) : Broadcast(0);
  }
  for (int64_t p = 0; p < d.pairs; ++p) {
    const BFloat16* const b = d.b + p * d.b_stride;
    const __m256i left = LoadBits(b), right = LoadBits(b + 2 * kLanes);
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m256i pair =
          _mm256_set1_epi32(PairAt(d.a + r * d.a_stride + 2 * p));
      sums[r][0] = MultiplyAdd(Firsts(left), Firsts(pair), sums[r][0]);
      sums[r][1] = MultiplyAdd(Firsts(right), Firsts(pair), sums[r][1]);
      sums[r][0] = MultiplyAdd(Seconds(left), Seconds(pair), sums[r][0]);
      sums[r][1] = MultiplyAdd(Seconds(right), Seconds(pair), sums[r][1]);
    }
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    Store(sums[r][0], d.c + r * d.c_stride);
    Store(sums[r][1], d.c + r * d.c_stride + kLanes);
  }
}

void DotAll(const DotArgs& args, int64_t rows, int64_t columns) {
  static constexpr std::array<DotFunction, 4> kDots = {Dot<1>, Dot<2>, Dot<3>,
                                                       Dot<4>};
  DotBy(kDots, args, rows, columns);
}

// 8 rows of 8 pairs from[r] + begin to columns: to[i * stride] gets pair i of
// each. Rows from `rows` on are zeros.
STAGEBEAM_SIMD void TransposePairs(const BFloat16* const* from, int64_t rows,
                                   int64_t begin, BFloat16* to,
                                   int64_t stride) {
  __m256i x[8], y[8];
  STAGEBEAM_UNROLL
  for (int r = 0; r < 8; ++r)
    x[r] = r < rows ? LoadBits(from[r] + begin) : _mm256_setzero_si256();
  // Pairs, then quads, then halves change places.
  STAGEBEAM_UNROLL
  for (int r = 0; r < 8; r += 2) {
    y[r] = _mm256_unpacklo_epi32(x[r], x[r + 1]);
    y[r + 1] = _mm256_unpackhi_epi32(x[r], x[r + 1]);
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < 8; r += 4) {
    x[r] = _mm256_unpacklo_epi64(y[r], y[r + 2]);
    x[r + 1] = _mm256_unpackhi_epi64(y[r], y[r + 2]);
    x[r + 2] = _mm256_unpacklo_epi64(y[r + 1], y[r + 3]);
    x[r + 3] = _mm256_unpackhi_epi64(y[r + 1], y[r + 3]);
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < 4; ++r) {
    StoreBits(_mm256_permute2x128_si256(x[r], x[r + 4], 0x20), to + r * stride);
    StoreBits(_mm256_permute2x128_si256(x[r], x[r + 4], 0x31),
              to + (r + 4) * stride);
  }
}

// Two rows of 16 numbers, first and second taken in turns; no second row is
// zeros.
STAGEBEAM_SIMD void Interleave(const BFloat16* first, const BFloat16* second,
                               int64_t begin, BFloat16* to) {
  const __m256i a = LoadBits(first + begin);
  const __m256i b =
      second == nullptr ? _mm256_setzero_si256() : LoadBits(second + begin);
  const __m256i low = _mm256_unpacklo_epi16(a, b);
  const __m256i high = _mm256_unpackhi_epi16(a, b);
  StoreBits(_mm256_permute2x128_si256(low, high, 0x20), to);
  StoreBits(_mm256_permute2x128_si256(low, high, 0x31), to + 16);
}

void LoadTile(TokenTile& tile, int64_t head_dim) {
  const int64_t whole = (tile.length + kDotColumns - 1) / kDotColumns;
  for (int64_t t = 0; t < whole * kDotColumns; t += kPairs) {
    for (int64_t d = 0; d < head_dim; d += 2 * kPairs) {
      TransposePairs(tile.key_rows + t, tile.length - t, d,
                     tile.keys + d * kTileTokens + 2 * t, 2 * kTileTokens);
    }
  }
  for (int64_t t = 0; t < tile.length; t += 2) {
    const BFloat16* const second =
        t + 1 < tile.length ? tile.value_rows[t + 1] : nullptr;
    for (int64_t d = 0; d < head_dim; d += 2 * kPairs) {
      Interleave(tile.value_rows[t], second, d,
                 tile.values + t * head_dim + 2 * d);
    }
  }
}

}  // namespace

const AttentionLoops kAttention = {LoadTile, DotAll, WeighRow, ShrinkRow};

}  // namespace stagebeam::kernels::avx2
