#include "libs/engine/tile_rows.h"

namespace stagebeam::engine {

int64_t PaddedRows(const VisionConfig& config) {
  return (int64_t{config.rows_per_tile()} + 7) / 8 * 8;
}

TileRows::TileRows(const VisionConfig& config, int tile_count) {
  const int64_t rows = config.rows_per_tile(), padded = PaddedRows(config);
  const auto is_live = [&](int64_t place) {
    return place / padded < tile_count && place % padded < rows;
  };
  const int64_t all = padded * config.max_num_tiles;
  features.resize(static_cast<size_t>(rows * config.max_num_tiles));
  for (const bool wanted : {true, false}) {
    for (int64_t place = 0; place < all; ++place) {
      if (is_live(place) != wanted) continue;
      const int64_t in_tile = place % padded;
      if (in_tile < rows) {
        features[place / padded * rows + in_tile] =
            static_cast<int64_t>(order.size());
      }
      order.push_back(place);
      tile.push_back(place / padded);
    }
    if (wanted) live = static_cast<int64_t>(order.size());
  }
}

}  // namespace stagebeam::engine
