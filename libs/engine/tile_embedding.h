#ifndef STAGEBEAM_LIBS_ENGINE_TILE_EMBEDDING_H_
#define STAGEBEAM_LIBS_ENGINE_TILE_EMBEDDING_H_

#include <cstdint>
#include <string>

#include "libs/engine/linear.h"
#include "libs/engine/model_config.h"
#include "libs/engine/norm.h"
#include "libs/engine/weight.h"
#include "libs/engine/weight_loader.h"

namespace stagebeam::engine {

// A vector for each tile of each arrangement, scaled by a gate.
class GatedTileTable {
 public:
  // `prefix` as in "vision_model.pre_tile_positional_embedding.".
  GatedTileTable(WeightLoader& loader, const VisionConfig& config,
                 const std::string& prefix);
  // [max_num_tiles, hidden_size] of an arrangement.
  at::Tensor Rows(int aspect_ratio_id) const;

 private:
  int64_t tiles_;
  // tanh of the stored gate.
  Weight gate_;
  Weight table_;
};

// Pixels to the rows that enter the vision transformer. Immutable.
class TileEmbedding {
 public:
  TileEmbedding(WeightLoader& loader, const VisionConfig& config);

  // tiles [max_num_tiles, 3, image_size, image_size] -> [max_num_tiles,
  // rows_per_tile, hidden_size]: patches, class token, gated positions and
  // layernorm_pre.
  at::Tensor Apply(const at::Tensor& tiles, int aspect_ratio_id) const;

 private:
  at::Tensor Patches(const at::Tensor& tiles) const;
  at::Tensor AddPositions(const at::Tensor& rows, int aspect_ratio_id) const;

  VisionConfig config_;
  Linear patch_;
  GatedTileTable pre_tile_;
  Weight class_token_;
  // tanh of the stored gate between positions in a tile and positions of tiles.
  Weight position_gate_;
  Weight positions_;
  Weight tile_positions_;
  LayerNorm norm_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TILE_EMBEDDING_H_
