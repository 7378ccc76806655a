#include "libs/engine/weight_loader.h"

#include <ATen/core/Tensor.h>

#include "libs/engine/placement.h"

namespace stagebeam::engine {

WeightLoader::WeightLoader(const Checkpoint& checkpoint,
                           const ModelPlacement& placement)
    : checkpoint_(checkpoint), placement_(placement) {}

Weight WeightLoader::Load(const std::string& name,
                          const std::vector<int64_t>& shape) {
  const absl::StatusOr<TensorView> view = checkpoint_.Find(name, shape);
  if (!view.ok()) {
    status_.Update(view.status());
    return nullptr;
  }
  return std::make_shared<at::Tensor>(PlaceStored(*view, placement_));
}

Weight WeightLoader::LoadGate(const std::string& name) {
  const Weight gate = Load(name, {1});
  return gate == nullptr ? nullptr : std::make_shared<at::Tensor>(gate->tanh());
}

Linear WeightLoader::LoadLinear(const std::string& name, int64_t out,
                                int64_t in) {
  return Linear(Load(name + ".weight", {out, in}), nullptr);
}

Linear WeightLoader::LoadBiasedLinear(const std::string& name, int64_t out,
                                      int64_t in) {
  return Linear(Load(name + ".weight", {out, in}), Load(name + ".bias", {out}));
}

RmsNorm WeightLoader::LoadRmsNorm(const std::string& name, int64_t width,
                                  double epsilon) {
  return RmsNorm(Load(name + ".weight", {width}), epsilon);
}

LayerNorm WeightLoader::LoadLayerNorm(const std::string& name, int64_t width,
                                      double epsilon) {
  return LayerNorm(Load(name + ".weight", {width}),
                   Load(name + ".bias", {width}), epsilon);
}

}  // namespace stagebeam::engine
