#include "libs/kernels/attention_tile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stagebeam::kernels {

void QueryTile::Clear(int64_t head_dim) {
  std::fill_n(maximum, rows, -std::numeric_limits<float>::max());
  std::fill_n(sum, rows, 0.0F);
  std::fill_n(gathered, rows * head_dim, 0.0F);
}

void QueryTile::Look(const TokenTile& tile, int64_t begin, int64_t end,
                     const int64_t* visible, int64_t head_dim,
                     const AttentionLoops& loops) {
  const int64_t count = end - begin;
  float* const s = scores + begin * kTileTokens;
  BFloat16* const w = weights + begin * kTileTokens;
  loops.dot({queries + begin * head_dim, head_dim, tile.keys, 2 * kTileTokens,
             head_dim / 2, s, kTileTokens, false},
            count, tile.length);
  const auto scale = static_cast<float>(
      1 / (std::log(2.0) * std::sqrt(static_cast<double>(head_dim))));
  for (int64_t r = begin; r < end; ++r) {
    const RowUpdate update =
        loops.weigh(scores + r * kTileTokens, tile.length,
                    std::clamp<int64_t>(visible[r], 0, tile.length), scale,
                    maximum[r], weights + r * kTileTokens);
    sum[r] = sum[r] * update.shrink + update.added;
    if (update.shrink != 1)
      loops.shrink(gathered + r * head_dim, head_dim, update.shrink);
    maximum[r] = update.maximum;
  }
  loops.dot({w, kTileTokens, tile.values, 2 * head_dim, (tile.length + 1) / 2,
             gathered + begin * head_dim, head_dim, true},
            count, head_dim);
}

void QueryTile::Finish(int64_t row, int64_t head_dim, BFloat16* result) const {
  for (int64_t d = 0; d < head_dim; ++d)
    result[d] = ToBFloat16(gathered[row * head_dim + d] / sum[row]);
}

}  // namespace stagebeam::kernels
