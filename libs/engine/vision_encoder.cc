#include "libs/engine/vision_encoder.h"

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/engine/checkpoint.h"
#include "libs/engine/placement.h"
#include "libs/engine/torch_errors.h"
#include "libs/engine/torch_threads.h"
#include "libs/engine/vision_model.h"

namespace stagebeam::engine {
namespace {

absl::Status CheckPreprocessor(const std::string& directory,
                               const VisionConfig& vision,
                               const pixels::PreprocessorConfig& config) {
  if (config.tile_size == vision.image_size &&
      config.max_tiles == vision.max_num_tiles) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(directory, "/preprocessor_config.json: makes ",
                   config.max_tiles, " tiles of ", config.tile_size,
                   " pixels, but config.json's vision_config takes ",
                   vision.max_num_tiles, " of ", vision.image_size));
}

absl::Status CheckTiles(const VisionConfig& vision,
                        const pixels::Tiles& tiles) {
  const size_t side = static_cast<size_t>(vision.image_size);
  const size_t numbers =
      3 * side * side * static_cast<size_t>(vision.max_num_tiles);
  if (tiles.pixels.size() == numbers && tiles.tile_count >= 1 &&
      tiles.tile_count <= vision.max_num_tiles && tiles.aspect_ratio_id >= 1 &&
      tiles.aspect_ratio_id <= vision.aspect_ratio_count) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "tiles must be ", vision.max_num_tiles, " of ", vision.image_size,
      " pixels, 1 to all of them in use, with an aspect ratio id of 1 to ",
      vision.aspect_ratio_count));
}

std::string BytesOf(const at::Tensor& features) {
  const at::Tensor rows = features.to(at::kCPU).contiguous();
  return std::string(static_cast<const char*>(rows.const_data_ptr()),
                     rows.nbytes());
}

}  // namespace

struct VisionEncoder::Parts {
  Parts(WeightLoader& loader, const Checkpoint& checkpoint,
        const ModelPlacement& where, const pixels::PreprocessorConfig& pictures,
        int thread_count)
      : config(checkpoint.config()),
        placement(where),
        threads(thread_count),
        preprocessor(pictures),
        vision_digest(checkpoint.vision_digest()),
        model(loader, config, placement) {}

  std::string Encode(const pixels::Tiles& tiles) const {
    const int64_t side = config.vision.image_size;
    const std::span<const char> bytes(
        reinterpret_cast<const char*>(tiles.pixels.data()),
        tiles.pixels.size() * sizeof(float));
    const at::Tensor pixels =
        PlaceRows(bytes, DType::kFloat32, config.vision.max_num_tiles,
                  3 * side * side, placement);
    return BytesOf(model.Encode(pixels.view({-1, 3, side, side}),
                                tiles.tile_count, tiles.aspect_ratio_id));
  }

  const ModelConfig config;
  const ModelPlacement placement;
  const int threads;
  const pixels::PreprocessorConfig preprocessor;
  const std::string vision_digest;
  const VisionModel model;
};

VisionEncoder::VisionEncoder(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)) {}
VisionEncoder::~VisionEncoder() = default;

absl::StatusOr<std::unique_ptr<VisionEncoder>> VisionEncoder::Load(
    const EngineOptions& options) {
  auto checkpoint = Checkpoint::Open(options.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  auto preprocessor = pixels::PreprocessorConfig::Load(
      options.checkpoint + "/preprocessor_config.json");
  if (!preprocessor.ok()) return preprocessor.status();
  const absl::Status fits = CheckPreprocessor(
      options.checkpoint, (*checkpoint)->config().vision, *preprocessor);
  if (!fits.ok()) return fits;
  if (absl::Status device = CheckDevice(options.device); !device.ok())
    return device;
  return CatchTorch([&]() -> absl::StatusOr<std::unique_ptr<VisionEncoder>> {
    const c10::InferenceMode no_gradients;
    const ModelPlacement placement{options.dtype, options.device,
                                   options.weights};
    WeightLoader loader(**checkpoint, placement);
    auto parts =
        std::make_unique<Parts>(loader, **checkpoint, placement,
                                *std::move(preprocessor), options.threads);
    if (!loader.status().ok()) return loader.status();
    return std::unique_ptr<VisionEncoder>(new VisionEncoder(std::move(parts)));
  });
}

absl::StatusOr<std::string> VisionEncoder::Encode(
    const pixels::Tiles& tiles) const {
  const absl::Status checked = CheckTiles(parts_->config.vision, tiles);
  if (!checked.ok()) return checked;
  return CatchTorch([&]() -> absl::StatusOr<std::string> {
    const c10::InferenceMode no_gradients;
    SetTorchThreads(parts_->threads);
    return parts_->Encode(tiles);
  });
}

const pixels::PreprocessorConfig& VisionEncoder::preprocessor() const {
  return parts_->preprocessor;
}
DType VisionEncoder::dtype() const { return parts_->placement.dtype; }
int VisionEncoder::rows_per_tile() const {
  return parts_->config.vision.rows_per_tile();
}
int VisionEncoder::hidden_size() const {
  return parts_->config.text.hidden_size;
}
int VisionEncoder::max_tiles() const {
  return parts_->config.vision.max_num_tiles;
}
const std::string& VisionEncoder::vision_digest() const {
  return parts_->vision_digest;
}

}  // namespace stagebeam::engine
