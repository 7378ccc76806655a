// How fast a picture becomes tiles, and tiles become features.

#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "benchmarks/engine_config.h"
#include "benchmarks/machine_limits.h"
#include "benchmarks/model_cost.h"
#include "benchmarks/program.h"
#include "benchmarks/report.h"
#include "benchmarks/stopwatch.h"
#include "libs/engine/model_config.h"
#include "libs/engine/vision_encoder.h"
#include "libs/pixels/preprocessor.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(int, width, 1024, "Width of the picture, pixels, [1, 16384]");
ABSL_FLAG(int, height, 768, "Height of the picture, pixels, [1, 16384]");

namespace stagebeam::benchmarks {
namespace {

constexpr double kGiga = 1e9;
constexpr int kMostPixels = 16384;

// Seconds of every repetition.
struct EncodeSeconds {
  std::vector<double> tiles;
  std::vector<double> features;
};

// Gradients and blocks, so that resizing does real work.
pixels::RgbImage DrawPicture(int width, int height) {
  pixels::RgbImage image{width, height, {}};
  image.data.reserve(size_t{3} * width * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double wave = std::sin(x / 57.0) * std::cos(y / 91.0);
      image.data.push_back(static_cast<uint8_t>(127 + 120 * wave));
      image.data.push_back(static_cast<uint8_t>(255 * x / width));
      image.data.push_back((x / 64 + y / 48) % 2 == 0 ? 0 : 255);
    }
  }
  return image;
}

absl::StatusOr<pixels::RgbImage> PictureFromFlags() {
  const int width = absl::GetFlag(FLAGS_width);
  const int height = absl::GetFlag(FLAGS_height);
  for (const absl::Status& status :
       {serving::CheckFlag("width", width, 1, kMostPixels),
        serving::CheckFlag("height", height, 1, kMostPixels)}) {
    if (!status.ok()) return status;
  }
  return DrawPicture(width, height);
}

// One repetition; the machine is measured in front of it.
absl::Status MeasureOnce(const engine::VisionEncoder& encoder,
                         const pixels::RgbImage& picture, LimitsMeter& limits,
                         EncodeSeconds& seconds) {
  const absl::Status measured = limits.Measure();
  if (!measured.ok()) return measured;
  const Stopwatch cutting;
  const pixels::Tiles tiles =
      pixels::MakeTiles(picture, encoder.preprocessor());
  seconds.tiles.push_back(cutting.seconds());
  const Stopwatch encoding;
  const absl::Status encoded = encoder.Encode(tiles).status();
  seconds.features.push_back(encoding.seconds());
  return encoded;
}

absl::StatusOr<EncodeSeconds> Measure(const engine::VisionEncoder& encoder,
                                      const pixels::RgbImage& picture,
                                      int repeats, LimitsMeter& limits) {
  EncodeSeconds warm, seconds;
  const absl::Status first = MeasureOnce(encoder, picture, limits, warm);
  if (!first.ok()) return first;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const absl::Status once = MeasureOnce(encoder, picture, limits, seconds);
    if (!once.ok()) return once;
  }
  const absl::Status measured = limits.Measure();
  if (!measured.ok()) return measured;
  return seconds;
}

Line ResultLine(const EngineConfig& config, const pixels::RgbImage& picture,
                int tile_count, double operations, const MachineLimits& limits,
                const EncodeSeconds& seconds) {
  const double features = Median(seconds.features);
  const double rate = operations / features;
  Line line = EngineLine("encode", config);
  line.update(Line{{"width", picture.width},
                   {"height", picture.height},
                   {"tiles", tile_count},
                   {"tiles_ms", Rounded(Median(seconds.tiles) * 1e3)},
                   {"encode_ms", Rounded(features * 1e3)},
                   {"gflop", Rounded(operations / kGiga)},
                   {"gflop_s", Rounded(rate / kGiga)},
                   {"share_of_gemm",
                    Rounded(rate / limits.operations(config.engine.dtype))}});
  return line;
}

absl::Status Run() {
  const auto config = EngineConfigFromFlags();
  if (!config.ok()) return config.status();
  const auto picture = PictureFromFlags();
  if (!picture.ok()) return picture.status();
  const auto model = engine::ModelConfig::Load(config->engine.checkpoint);
  if (!model.ok()) return model.status();
  const auto encoder = engine::VisionEncoder::Load(config->engine);
  if (!encoder.ok()) return encoder.status();
  LimitsMeter limits(config->limits);
  const auto seconds = Measure(**encoder, *picture, config->repeats, limits);
  if (!seconds.ok()) return seconds.status();
  const int tiles =
      pixels::MakeTiles(*picture, (*encoder)->preprocessor()).tile_count;
  Print(LimitsLine(limits));
  Print(ResultLine(*config, *picture, tiles, EncodeOperations(*model, tiles),
                   limits.best(), *seconds));
  return absl::OkStatus();
}

}  // namespace
}  // namespace stagebeam::benchmarks

int main(int argc, char** argv) {
  return stagebeam::benchmarks::RunProgram(
      argc, argv, "Measures how fast pictures are encoded.",
      stagebeam::benchmarks::Run);
}
