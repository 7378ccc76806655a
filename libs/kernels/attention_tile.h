#ifndef STAGEBEAM_LIBS_KERNELS_ATTENTION_TILE_H_
#define STAGEBEAM_LIBS_KERNELS_ATTENTION_TILE_H_

#include <cstdint>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/loops.h"

// The arithmetic of attention on one tile of tokens, all of it in caches.
namespace stagebeam::kernels {

constexpr int64_t kTileTokens = 64;
constexpr int64_t kTileQueries = 16;
constexpr int64_t kMaxHeadDim = 256;

// Keys and values of up to 64 tokens, laid out for dot products of pairs.
struct TokenTile {
  int64_t length = 0;
  // Of each token, in place: `AttentionLoops::load` lays them out.
  const BFloat16* key_rows[kTileTokens];
  const BFloat16* value_rows[kTileTokens];
  // [head_dim / 2][64 tokens][2]; tokens behind `length` are zeros.
  alignas(64) BFloat16 keys[kMaxHeadDim * kTileTokens];
  // [32 pairs of tokens][head_dim][2]; likewise.
  alignas(64) BFloat16 values[kTileTokens * kMaxHeadDim];
};

// Queries that share a key head, and what they have gathered so far.
struct QueryTile {
  int64_t rows = 0;
  alignas(64) BFloat16 queries[kTileQueries * kMaxHeadDim];
  // Largest score so far (in units of log 2), and the sum of 2^(score - it).
  float maximum[kTileQueries];
  float sum[kTileQueries];
  // [row][head_dim]: sum of 2^(score - maximum) * value.
  alignas(64) float gathered[kTileQueries * kMaxHeadDim];
  // Of one tile of tokens: [row][64].
  alignas(64) float scores[kTileQueries * kTileTokens];
  alignas(64) BFloat16 weights[kTileQueries * kTileTokens];

  void Clear(int64_t head_dim);
  // Rows [begin, end) look at `tile`; row r sees its first visible[r] tokens.
  void Look(const TokenTile& tile, int64_t begin, int64_t end,
            const int64_t* visible, int64_t head_dim,
            const AttentionLoops& loops);
  // gathered / sum, rounded, to result[head_dim].
  void Finish(int64_t row, int64_t head_dim, BFloat16* result) const;
};

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_ATTENTION_TILE_H_
