#include "services/encoder/encoder.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/pixels/preprocessor.h"

namespace stagebeam::encoder {
namespace {

features::FeatureDType BlobType(engine::DType dtype) {
  return dtype == engine::DType::kBFloat16 ? features::FeatureDType::kBFloat16
                                           : features::FeatureDType::kFloat32;
}

inference::ImageFeatures Describe(std::string key,
                                  const features::FeatureShape& shape) {
  return {.key = std::move(key),
          .tile_count = shape.tile_count,
          .rows_per_tile = shape.rows_per_tile,
          .hidden_size = shape.hidden_size,
          .stored_tile_count = shape.stored_tile_count};
}

}  // namespace

EngineEncoder::EngineEncoder(const engine::VisionEncoder& vision,
                             const features::FeatureStack& stack,
                             EncodingQueue& queue, const Options& options,
                             EncoderMetrics& metrics, tracing::Tracer tracer)
    : vision_(vision),
      memory_(stack.memory),
      queue_(queue),
      options_(options),
      metrics_(metrics),
      tracer_(tracer),
      once_(stack.store, stack.leases, options.once) {
  ReportLevels();
}

absl::StatusOr<inference::EncodeResult> EngineEncoder::EncodeImage(
    const inference::RequestContext& context, std::string_view image) {
  if (image.empty() ||
      static_cast<int64_t>(image.size()) > options_.limits.max_bytes) {
    return pixels::DecodeImage(image, options_.limits).status();
  }
  const std::string key = KeyOf(image);
  absl::Duration elapsed;
  auto result = once_.Get(key, context.deadline, context.cancellation,
                          [&] { return Encode(context, image, elapsed); });
  ReportLevels();
  if (!result.ok()) return result.status();
  if (result->joined) metrics_.OnJoinedCall();
  return inference::EncodeResult{
      .features = Describe(key, result->blob->shape()),
      .cached = !result->encoded,
      .encode_time = result->encoded ? elapsed : absl::ZeroDuration()};
}

absl::Status EngineEncoder::WarmUp() const {
  const int side = vision_.preprocessor().tile_size;
  pixels::RgbImage blank{side, side, {}};
  blank.data.resize(size_t{3} * side * side);
  return Compute(blank).status();
}

// The number format belongs to the key: replicas of different formats may
// share a store.
std::string EngineEncoder::KeyOf(std::string_view image) const {
  const std::string preparation =
      absl::StrCat(vision_.preprocessor().Fingerprint(),
                   " dtype=", std::string(engine::NameOf(vision_.dtype())));
  return features::FeatureKey(image, preparation, vision_.vision_digest());
}

EngineEncoder::BlobOr EngineEncoder::Encode(
    const inference::RequestContext& context, std::string_view image,
    absl::Duration& elapsed) {
  tracing::Span waiting = tracer_.Start("queue", context.traceparent);
  auto turn = queue_.Enter(context);
  waiting.SetStatus(turn.status());
  waiting.End();
  ReportLevels();
  if (!turn.ok()) return turn.status();
  const absl::Time start = absl::Now();
  tracing::Span span =
      tracer_.Start("encode picture", context.traceparent, start);
  auto picture = pixels::DecodeImage(image, options_.limits);
  span.SetStatus(picture.status());
  if (!picture.ok()) return picture.status();
  BlobOr blob = Compute(*picture);
  span.SetStatus(blob.status());
  if (!blob.ok()) return blob;
  const absl::Time end = absl::Now();
  elapsed = end - start;
  span.End(end);
  metrics_.OnEncoding(elapsed);
  return blob;
}

EngineEncoder::BlobOr EngineEncoder::Compute(
    const pixels::RgbImage& picture) const {
  const pixels::Tiles tiles =
      pixels::MakeTiles(picture, vision_.preprocessor());
  auto payload = vision_.Encode(tiles);
  if (!payload.ok()) return payload.status();
  const features::FeatureShape shape = {
      .dtype = BlobType(vision_.dtype()),
      .tile_count = tiles.tile_count,
      .rows_per_tile = vision_.rows_per_tile(),
      .hidden_size = vision_.hidden_size(),
      .stored_tile_count = vision_.max_tiles()};
  return features::FeatureBlob::Create(shape, vision_.vision_digest(),
                                       *payload);
}

void EngineEncoder::ReportLevels() {
  metrics_.OnLoad(queue_.load());
  metrics_.OnMemory(memory_->used_bytes(), memory_->capacity_bytes());
}

}  // namespace stagebeam::encoder
