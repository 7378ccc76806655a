#include "libs/engine/vision_model.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/stack.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/engine/placement.h"
#include "libs/engine/tile_rows.h"

namespace stagebeam::engine {
namespace {

// Fixed in the architecture; norm_eps is for the layers.
constexpr double kNormEpsilon = 1e-5;

std::vector<VisionLayer> LoadLayers(WeightLoader& loader,
                                    const VisionConfig& config,
                                    const std::string& transformer, int count,
                                    bool is_gated) {
  std::vector<VisionLayer> layers;
  for (int i = 0; i < count; ++i) {
    const std::string prefix =
        absl::StrCat("vision_model.", transformer, ".layers.", i, ".");
    layers.emplace_back(loader, config, prefix, is_gated);
  }
  return layers;
}

// The features' columns: the final state's, then those of the kept states
// interleaved channel by channel.
at::Tensor Join(const at::Tensor& final_state,
                const std::vector<at::Tensor>& kept) {
  if (kept.empty()) return final_state;
  return at::cat({final_state, at::stack(kept, -1).flatten(1)}, 1);
}

}  // namespace

VisionModel::VisionModel(WeightLoader& loader, const ModelConfig& config,
                         const ModelPlacement& placement)
    : config_(config.vision),
      placement_(placement),
      embedding_(loader, config_),
      local_(LoadLayers(loader, config_, "transformer",
                        config_.num_hidden_layers, false)),
      global_(LoadLayers(loader, config_, "global_transformer",
                         config_.num_global_layers, true)),
      post_norm_(loader.LoadLayerNorm("vision_model.layernorm_post",
                                      config_.hidden_size, kNormEpsilon)),
      post_tile_(loader, config_,
                 "vision_model.post_tile_positional_embedding."),
      projector_(loader.LoadBiasedLinear("multi_modal_projector",
                                         config.text.hidden_size,
                                         config_.output_dim())) {}

at::Tensor VisionModel::Encode(const at::Tensor& tiles, int tile_count,
                               int aspect_ratio_id) const {
  const TileRows rows(config_, tile_count);
  const int64_t padding = PaddedRows(config_) - config_.rows_per_tile();
  const at::Tensor embedded = at::constant_pad_nd(
      embedding_.Apply(tiles, aspect_ratio_id), {0, 0, 0, padding});
  const at::Tensor order = PlaceIndices(rows.order, placement_);
  std::vector<at::Tensor> kept;
  at::Tensor x =
      RunLocal(embedded.flatten(0, 1).index_select(0, order), rows.live, kept);
  const at::Tensor tile = PlaceIndices(rows.tile, placement_);
  x = post_norm_.Apply(x).add_(
      post_tile_.Rows(aspect_ratio_id).index_select(0, tile));
  for (const VisionLayer& layer : global_) x = layer.Apply(x, rows.live);
  const at::Tensor joined = Join(x, kept);
  return projector_.Apply(
      joined.index_select(0, PlaceIndices(rows.features, placement_)));
}

at::Tensor VisionModel::RunLocal(at::Tensor x, int64_t live,
                                 std::vector<at::Tensor>& kept) const {
  kept.resize(config_.intermediate_layers_indices.size());
  const auto keep = [&](int64_t state) {
    for (size_t k = 0; k < kept.size(); ++k) {
      if (config_.intermediate_layers_indices[k] == state) kept[k] = x;
    }
  };
  for (size_t i = 0; i < local_.size(); ++i) {
    keep(static_cast<int64_t>(i));
    x = local_[i].Apply(x, live);
  }
  keep(static_cast<int64_t>(local_.size()));
  return x;
}

}  // namespace stagebeam::engine
