#ifndef STAGEBEAM_LIBS_ENGINE_VISION_MODEL_H_
#define STAGEBEAM_LIBS_ENGINE_VISION_MODEL_H_

#include <cstdint>
#include <vector>

#include "libs/engine/model_config.h"
#include "libs/engine/tile_embedding.h"
#include "libs/engine/vision_layer.h"
#include "libs/engine/weight_loader.h"

namespace stagebeam::engine {

// mllama's vision tower and projector. Immutable, and so thread-safe.
class VisionModel {
 public:
  VisionModel(WeightLoader& loader, const ModelConfig& config,
              const ModelPlacement& placement);

  // Features [max_num_tiles * rows_per_tile, text hidden_size] of tiles
  // [max_num_tiles, 3, image_size, image_size], the first `tile_count` of which
  // hold picture. All tiles are computed: the empty ones influence the others.
  at::Tensor Encode(const at::Tensor& tiles, int tile_count,
                    int aspect_ratio_id) const;

 private:
  // The local transformer's output; fills `kept` in the configured order.
  at::Tensor RunLocal(at::Tensor x, int64_t live,
                      std::vector<at::Tensor>& kept) const;

  VisionConfig config_;
  ModelPlacement placement_;
  TileEmbedding embedding_;
  std::vector<VisionLayer> local_;
  std::vector<VisionLayer> global_;
  LayerNorm post_norm_;
  GatedTileTable post_tile_;
  Linear projector_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_VISION_MODEL_H_
