#include "libs/kernels/attention_tile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "libs/kernels/avx512.h"
#include "libs/kernels/exponential.h"

namespace stagebeam::kernels {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kMostRows = 8;

// c[r][0..16) = (add ? c[r][0..16) : 0) + sum over pairs p of b[p][0..16) .
// a[r][p], where a pair is two neighbouring numbers.
struct DotArgs {
  const BFloat16* a;
  int64_t a_stride;
  const BFloat16* b;
  int64_t b_stride;
  int64_t pairs;
  float* c;
  int64_t c_stride;
  bool add;
};

template <int kRows>
STAGEBEAM_AVX512 void Dot(const DotArgs& d) {
  __m512 sums[kRows];
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r)
    sums[r] =
        d.add ? _mm512_loadu_ps(d.c + r * d.c_stride) : _mm512_setzero_ps();
  for (int64_t p = 0; p < d.pairs; ++p) {
    const auto b = (__m512bh)_mm512_loadu_si512(d.b + p * d.b_stride);
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      std::memcpy(&pair, d.a + r * d.a_stride + 2 * p, sizeof(pair));
      sums[r] = _mm512_dpbf16_ps(sums[r], b, (__m512bh)_mm512_set1_epi32(pair));
    }
  }
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r)
    _mm512_storeu_ps(d.c + r * d.c_stride, sums[r]);
}

using DotFunction = void (*)(const DotArgs&);
constexpr std::array<DotFunction, kMostRows + 1> kDots = {
    nullptr, Dot<1>, Dot<2>, Dot<3>, Dot<4>, Dot<5>, Dot<6>, Dot<7>, Dot<8>};

// The same for any number of rows and columns, 16 columns at a time.
void DotAll(DotArgs d, int64_t rows, int64_t columns) {
  for (int64_t c = 0; c < columns; c += kLanes) {
    for (int64_t r = 0; r < rows; r += kMostRows) {
      DotArgs part = d;
      part.a += r * d.a_stride;
      part.b += 2 * c;
      part.c += r * d.c_stride + c;
      kDots[static_cast<size_t>(std::min(kMostRows, rows - r))](part);
    }
  }
}

// The numbers of a row from `begin` on: up to 32, zeros behind its end.
STAGEBEAM_AVX512 inline __m512i LoadRow(const BFloat16* row, int64_t begin,
                                        int64_t size) {
  const int64_t left = std::min<int64_t>(size - begin, 2 * kLanes);
  const auto mask = static_cast<__mmask32>((uint64_t{1} << left) - 1);
  return _mm512_maskz_loadu_epi16(mask, row + begin);
}

// 16 rows of 16 pairs from[r] to columns: to[i * stride] gets pair i of each.
STAGEBEAM_AVX512 void TransposePairs(const BFloat16* const* from, int64_t rows,
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
STAGEBEAM_AVX512 void Interleave(const BFloat16* first, const BFloat16* second,
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

// What a row of scores becomes: weights 2^(score - maximum) of its first
// `visible` of `length` tokens.
struct RowUpdate {
  float maximum;
  // What the row gathered so far shrinks by.
  float shrink;
  float added;
};

STAGEBEAM_AVX512 RowUpdate Weigh(const float* scores, int64_t length,
                                 int64_t visible, float scale, float maximum,
                                 BFloat16* weights) {
  const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::max());
  const __m512 factor = _mm512_set1_ps(scale);
  __m512 most = _mm512_set1_ps(maximum);
  for (int64_t t = 0; t < visible; t += kLanes) {
    const auto mask = static_cast<__mmask16>(
        (uint32_t{1} << std::min(kLanes, visible - t)) - 1);
    most = _mm512_max_ps(
        most,
        _mm512_mask_mul_ps(lowest, mask, _mm512_loadu_ps(scores + t), factor));
  }
  RowUpdate update{_mm512_reduce_max_ps(most), 0, 0};
  const __m512 top = _mm512_set1_ps(update.maximum);
  __m512 sum = _mm512_setzero_ps();
  for (int64_t t = 0; t < length; t += kLanes) {
    const int64_t seen = std::clamp<int64_t>(visible - t, 0, kLanes);
    const auto mask = static_cast<__mmask16>((uint32_t{1} << seen) - 1);
    const __m512 score = _mm512_mul_ps(_mm512_loadu_ps(scores + t), factor);
    const __m512 weight =
        _mm512_maskz_mov_ps(mask, PowerOfTwo(_mm512_sub_ps(score, top)));
    sum = _mm512_add_ps(sum, weight);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + t),
                        (__m256i)_mm512_cvtneps_pbh(weight));
  }
  update.added = _mm512_reduce_add_ps(sum);
  update.shrink = std::exp2(maximum - update.maximum);
  return update;
}

STAGEBEAM_AVX512 void Shrink(float* row, int64_t size, float factor) {
  for (int64_t i = 0; i < size; i += kLanes)
    _mm512_storeu_ps(row + i, _mm512_mul_ps(_mm512_loadu_ps(row + i),
                                            _mm512_set1_ps(factor)));
}

}  // namespace

void TokenTile::Load(int64_t head_dim) {
  for (int64_t t = 0; t < length; t += kLanes) {
    for (int64_t d = 0; d < head_dim; d += 2 * kLanes) {
      TransposePairs(key_rows + t, std::min(kLanes, length - t), d, head_dim,
                     keys + d * kTileTokens + 2 * t, 2 * kTileTokens);
    }
  }
  // In order: what a row writes behind its end, the next one overwrites.
  for (int64_t t = 0; t < length; t += 2) {
    const BFloat16* const second = t + 1 < length ? value_rows[t + 1] : nullptr;
    for (int64_t d = 0; d < head_dim; d += 2 * kLanes) {
      Interleave(value_rows[t], second, d, head_dim,
                 values + t * head_dim + 2 * d);
    }
  }
}

void QueryTile::Clear(int64_t head_dim) {
  std::fill_n(maximum, rows, -std::numeric_limits<float>::max());
  std::fill_n(sum, rows, 0.0F);
  std::fill_n(gathered, rows * head_dim, 0.0F);
}

void QueryTile::Look(const TokenTile& tile, int64_t begin, int64_t end,
                     const int64_t* visible, int64_t head_dim) {
  const int64_t count = end - begin;
  float* const s = scores + begin * kTileTokens;
  BFloat16* const w = weights + begin * kTileTokens;
  DotAll({queries + begin * head_dim, head_dim, tile.keys, 2 * kTileTokens,
          head_dim / 2, s, kTileTokens, false},
         count, tile.length);
  const auto scale = static_cast<float>(
      1 / (std::log(2.0) * std::sqrt(static_cast<double>(head_dim))));
  for (int64_t r = begin; r < end; ++r) {
    const RowUpdate update =
        Weigh(scores + r * kTileTokens, tile.length,
              std::clamp<int64_t>(visible[r], 0, tile.length), scale,
              maximum[r], weights + r * kTileTokens);
    sum[r] = sum[r] * update.shrink + update.added;
    if (update.shrink != 1)
      Shrink(gathered + r * head_dim, head_dim, update.shrink);
    maximum[r] = update.maximum;
  }
  DotAll({w, kTileTokens, tile.values, 2 * head_dim, (tile.length + 1) / 2,
          gathered + begin * head_dim, head_dim, true},
         count, head_dim);
}

void QueryTile::Finish(int64_t row, int64_t head_dim, BFloat16* result) const {
  for (int64_t d = 0; d < head_dim; ++d)
    result[d] = ToBFloat16(gathered[row * head_dim + d] / sum[row]);
}

}  // namespace stagebeam::kernels
