#include "libs/engine/checkpoint.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/engine/tensor_digest.h"
#include "libs/engine/tensor_table.h"

namespace stagebeam::engine {
namespace {

std::string TextDigest(const ModelConfig& config,
                       const std::string& vision_digest,
                       const std::map<std::string, TensorView>& tensors) {
  TensorDigest digest;
  digest.AddText(vision_digest);
  digest.AddText(config.text.Fingerprint());
  for (const auto& [name, view] : tensors) {
    if (!IsVisionTensor(name)) digest.AddTensor(name, view);
  }
  return digest.Hex();
}

std::string VisionDigest(const ModelConfig& config,
                         const std::map<std::string, TensorView>& tensors) {
  TensorDigest digest;
  digest.AddText(config.vision.Fingerprint());
  for (const auto& [name, view] : tensors) {
    if (IsVisionTensor(name)) digest.AddTensor(name, view);
  }
  return digest.Hex();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Checkpoint>> Checkpoint::Open(
    const std::string& directory) {
  auto config = ModelConfig::Load(directory);
  if (!config.ok()) return config.status();
  auto stored = OpenCheckpointTensors(directory);
  if (!stored.ok()) return stored.status();
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint());
  checkpoint->directory_ = directory;
  checkpoint->config_ = *std::move(config);
  const absl::Status adopted = checkpoint->Adopt(*std::move(stored));
  if (!adopted.ok()) return adopted;
  const absl::Status table = checkpoint->CheckTable();
  if (!table.ok()) return table;
  checkpoint->vision_digest_ =
      VisionDigest(checkpoint->config_, checkpoint->tensors_);
  checkpoint->digest_ = TextDigest(
      checkpoint->config_, checkpoint->vision_digest_, checkpoint->tensors_);
  return checkpoint;
}

absl::Status Checkpoint::Adopt(std::map<std::string, TensorView>&& stored) {
  for (auto& [name, view] : stored) {
    std::string published = PublishedName(name);
    if (!tensors_.emplace(published, std::move(view)).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          directory_, ": tensor ", published, " is there under two names"));
    }
  }
  return absl::OkStatus();
}

absl::Status Checkpoint::CheckTable() const {
  for (const auto& [name, shape] : ExpectedTensors(config_)) {
    const absl::Status found = Find(name, shape).status();
    if (!found.ok()) return found;
  }
  return CheckNoSurplus();
}

absl::Status Checkpoint::CheckNoSurplus() const {
  const TensorTable expected = ExpectedTensors(config_);
  for (const auto& [name, view] : tensors_) {
    if (expected.count(name) > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        directory_, ": tensor ", name, " is not one of the model's"));
  }
  return absl::OkStatus();
}

bool Checkpoint::Has(const std::string& name) const {
  return tensors_.count(name) > 0;
}

absl::StatusOr<TensorView> Checkpoint::Find(
    const std::string& name, const std::vector<int64_t>& shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(directory_, ": tensor ", name, " is missing"));
  }
  if (found->second.shape != shape) {
    return absl::InvalidArgumentError(absl::StrCat(
        directory_, ": tensor ", name, " has shape ",
        ShapeText(found->second.shape), " instead of ", ShapeText(shape)));
  }
  return found->second;
}

}  // namespace stagebeam::engine
