#ifndef STAGEBEAM_LIBS_ENGINE_CHECKPOINT_H_
#define STAGEBEAM_LIBS_ENGINE_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/model_config.h"
#include "libs/engine/options.h"
#include "libs/engine/safetensors.h"

namespace stagebeam::engine {

// Where and how weights are held, and steps run; see EngineOptions.
struct ModelPlacement {
  DType dtype = DType::kBFloat16;
  std::string device = "cpu";
  WeightForm weights = WeightForm::kPacked;
  bool cuda_graphs = false;
};

// A Hugging Face mllama directory: configuration, and every tensor mapped from
// its file under its published name (renamed layouts are translated).
//
// Immutable, and so thread-safe.
class Checkpoint {
 public:
  // Reads config.json, generation_config.json (if any) and the table of the
  // safetensors file or shards, and holds the two against each other.
  // INVALID_ARGUMENT or NOT_FOUND names the file and the field, or the tensor
  // that is missing, surplus or of another shape.
  static absl::StatusOr<std::unique_ptr<Checkpoint>> Open(
      const std::string& directory);

  const ModelConfig& config() const { return config_; }
  const std::string& directory() const { return directory_; }

  // The tensor `name`, which must have `shape`. INVALID_ARGUMENT where it is
  // missing or has another shape.
  absl::StatusOr<TensorView> Find(const std::string& name,
                                  const std::vector<int64_t>& shape) const;
  bool Has(const std::string& name) const;

  // Hex SHA-256 that tells checkpoints apart: of the configuration, the tensor
  // table and samples of every tensor. Sharding and layout do not matter.
  const std::string& digest() const { return digest_; }
  // The same of the vision tower and the projector alone.
  const std::string& vision_digest() const { return vision_digest_; }

 private:
  Checkpoint() = default;

  absl::Status Adopt(std::map<std::string, TensorView>&& stored);
  absl::Status CheckTable() const;
  absl::Status CheckNoSurplus() const;

  std::string directory_;
  ModelConfig config_;
  std::string digest_;
  std::string vision_digest_;
  std::map<std::string, TensorView> tensors_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_CHECKPOINT_H_
