#include "libs/engine/weight_loader.h"

#include <ATen/core/Tensor.h>

#include <utility>

#include "libs/engine/linear_forms.h"
#include "libs/engine/mapped_file.h"
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

Linear WeightLoader::MakeLinear(const Weight& weight, const Weight& bias) {
  if (weight == nullptr) return Linear(nullptr);
  std::shared_ptr<const LinearForm> form;
  if (placement_.weights == WeightForm::kInt8)
    form = MakeInt8Linear(weight, bias);
  if (placement_.weights == WeightForm::kPacked) {
    form = MakeKernelLinear(weight, bias, pages_);
    if (form == nullptr) form = MakeOneDnnLinear(weight, bias);
  }
  return Linear(form != nullptr ? form : MakePlainLinear(weight, bias));
}

Linear WeightLoader::LoadLinear(const std::string& name, int64_t out,
                                int64_t in) {
  return MakeForgetting(name, {out, in}, nullptr);
}

Linear WeightLoader::LoadBiasedLinear(const std::string& name, int64_t out,
                                      int64_t in) {
  return MakeForgetting(name, {out, in}, Load(name + ".bias", {out}));
}

Linear WeightLoader::MakeForgetting(const std::string& name,
                                    const std::vector<int64_t>& shape,
                                    const Weight& bias) {
  Linear linear = MakeLinear(Load(name + ".weight", shape), bias);
  const absl::StatusOr<TensorView> stored =
      checkpoint_.Find(name + ".weight", shape);
  if (stored.ok() && placement_.weights != WeightForm::kMapped)
    ForgetMapped(stored->bytes);
  return linear;
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
