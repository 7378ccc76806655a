#ifndef STAGEBEAM_LIBS_ENGINE_TILE_ROWS_H_
#define STAGEBEAM_LIBS_ENGINE_TILE_ROWS_H_

#include <cstdint>
#include <vector>

#include "libs/engine/model_config.h"

namespace stagebeam::engine {

// The vision transformer's rows of one picture. Each tile has its patches and
// class token, then padding rows up to a multiple of 8 (at least one: a square
// plus 1 is no multiple of 8). Rows are ordered so that those that hold picture
// come first; see VisionLayer.
struct TileRows {
  // For each row in computing order, its place in [tiles, padded rows].
  std::vector<int64_t> order;
  // For each row in computing order, its tile.
  std::vector<int64_t> tile;
  // For each feature row [tiles, rows_per_tile], its place in computing order.
  std::vector<int64_t> features;
  // Rows at the front that hold picture.
  int64_t live = 0;

  // `tile_count` tiles of `config.max_num_tiles` hold picture.
  TileRows(const VisionConfig& config, int tile_count);
};

// Rows of a tile with its padding.
int64_t PaddedRows(const VisionConfig& config);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TILE_ROWS_H_
