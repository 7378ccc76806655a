#include "libs/engine/tile_embedding.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mul.h>

namespace stagebeam::engine {
namespace {

// Fixed in the architecture; norm_eps is for the layers.
constexpr double kNormEpsilon = 1e-5;

// The convolution of patch_size and stride patch_size as a linear layer: its
// weight [out, 3, p, p] seen as [out, 3 * p * p].
Linear LoadPatchLinear(WeightLoader& loader, const VisionConfig& config) {
  const int64_t side = config.patch_size;
  const Weight weight = loader.Load("vision_model.patch_embedding.weight",
                                    {config.hidden_size, 3, side, side});
  if (weight == nullptr) return Linear(nullptr);
  return loader.MakeLinear(std::make_shared<at::Tensor>(weight->flatten(1)),
                           nullptr);
}

}  // namespace

GatedTileTable::GatedTileTable(WeightLoader& loader, const VisionConfig& config,
                               const std::string& prefix)
    : tiles_(config.max_num_tiles),
      gate_(loader.LoadGate(prefix + "gate")),
      table_(loader.Load(
          prefix + "embedding.weight",
          {config.aspect_ratio_count + 1, tiles_ * config.hidden_size})) {}

at::Tensor GatedTileTable::Rows(int aspect_ratio_id) const {
  return at::mul(table_->select(0, aspect_ratio_id).view({tiles_, -1}), *gate_);
}

TileEmbedding::TileEmbedding(WeightLoader& loader, const VisionConfig& config)
    : config_(config),
      patch_(LoadPatchLinear(loader, config)),
      pre_tile_(loader, config, "vision_model.pre_tile_positional_embedding."),
      class_token_(
          loader.Load("vision_model.class_embedding", {config.hidden_size})),
      position_gate_(
          loader.LoadGate("vision_model.gated_positional_embedding.gate")),
      positions_(
          loader.Load("vision_model.gated_positional_embedding.embedding",
                      {config.rows_per_tile(), config.hidden_size})),
      tile_positions_(loader.Load(
          "vision_model.gated_positional_embedding.tile_embedding.weight",
          {config.aspect_ratio_count + 1, int64_t{config.max_num_tiles} *
                                              config.rows_per_tile() *
                                              config.hidden_size})),
      norm_(loader.LoadLayerNorm("vision_model.layernorm_pre",
                                 config.hidden_size, kNormEpsilon)) {}

at::Tensor TileEmbedding::Apply(const at::Tensor& tiles,
                                int aspect_ratio_id) const {
  const at::Tensor patches =
      Patches(tiles).add_(pre_tile_.Rows(aspect_ratio_id).unsqueeze(1));
  const at::Tensor token =
      class_token_->view({1, 1, -1}).expand({tiles.size(0), 1, -1});
  return norm_.Apply(
      AddPositions(at::cat({token, patches}, 1), aspect_ratio_id));
}

at::Tensor TileEmbedding::Patches(const at::Tensor& tiles) const {
  const int64_t side = config_.patch_size, grid = config_.grid();
  // A remainder of less than a patch at the right and bottom is left out.
  return patch_.Apply(tiles.narrow(2, 0, grid * side)
                          .narrow(3, 0, grid * side)
                          .reshape({-1, 3, grid, side, grid, side})
                          .permute({0, 2, 4, 1, 3, 5})
                          .reshape({-1, grid * grid, 3 * side * side}));
}

at::Tensor TileEmbedding::AddPositions(const at::Tensor& rows,
                                       int aspect_ratio_id) const {
  const at::Tensor in_tile = at::mul(position_gate_->neg().add(1), *positions_);
  const at::Tensor of_tiles =
      at::mul(*position_gate_,
              tile_positions_->select(0, aspect_ratio_id).view(rows.sizes()));
  return rows.add(in_tile).add_(of_tiles);
}

}  // namespace stagebeam::engine
