#include "services/worker/feature_source.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/remote/remote_feature_store.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::worker {
namespace {

using serving::InvalidField;

// Keys are hex SHA-256; leave room for another hash.
constexpr size_t kMaxKeyLength = 256;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream stream(path);
  std::string token;
  if (!stream || !std::getline(stream, token)) {
    return InvalidField("encoder_auth_token_file",
                        absl::StrCat("cannot read ", path));
  }
  absl::StripAsciiWhitespace(&token);
  if (token.empty()) {
    return InvalidField("encoder_auth_token_file",
                        absl::StrCat(path, " starts with an empty line"));
  }
  return token;
}

absl::StatusOr<std::unique_ptr<remote::ReplicaSet>> ConnectEncoders(
    const FeatureSourceOptions& options) {
  if (options.encoder.empty()) return nullptr;
  auto token = ReadToken(options.encoder_auth_token_file);
  if (!token.ok()) return token.status();
  remote::ReplicaSetOptions replicas;
  replicas.channel.tls_ca = options.encoder_tls_ca;
  replicas.channel.auth_token = *std::move(token);
  auto encoders =
      remote::ReplicaSet::Create(options.encoder, std::move(replicas));
  if (!encoders.ok())
    return InvalidField("encoder", std::string(encoders.status().message()));
  return encoders;
}

engine::Features ToEngine(std::shared_ptr<const features::FeatureBlob> blob) {
  const features::FeatureShape& shape = blob->shape();
  engine::Features features;
  features.dtype = shape.dtype == features::FeatureDType::kFloat32
                       ? engine::DType::kFloat32
                       : engine::DType::kBFloat16;
  features.tile_count = shape.tile_count;
  features.rows_per_tile = shape.rows_per_tile;
  features.hidden_size = shape.hidden_size;
  features.stored_tile_count = shape.stored_tile_count;
  features.vision_digest = blob->vision_digest();
  features.payload = blob->payload();
  const std::string* bytes = &blob->bytes();
  features.owner = std::shared_ptr<const std::string>(std::move(blob), bytes);
  return features;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FeatureSource>> FeatureSource::Create(
    const FeatureSourceOptions& options, features::StoreObserver* observer,
    tracing::Tracer tracer) {
  auto encoders = ConnectEncoders(options);
  if (!encoders.ok()) return encoders.status();
  std::shared_ptr<features::FeatureStore> last_resort;
  if (*encoders != nullptr)
    last_resort = std::make_shared<remote::RemoteFeatureStore>(**encoders);
  auto stack = features::BuildFeatureStack(options.stack,
                                           std::move(last_resort), observer);
  if (!stack.ok())
    return InvalidField("redis", std::string(stack.status().message()));
  auto source = std::make_unique<FeatureSource>(std::move(stack->store),
                                                options.fetch_timeout, tracer);
  source->encoders_ = *std::move(encoders);
  return source;
}

FeatureSource::FeatureSource(std::shared_ptr<features::FeatureStore> store,
                             absl::Duration fetch_timeout,
                             tracing::Tracer tracer)
    : store_(std::move(store)),
      fetch_timeout_(fetch_timeout),
      tracer_(tracer) {}

std::optional<engine::ImagePrompt> FeatureSource::Prompt(
    const std::optional<inference::ImageFeatures>& image,
    const inference::RequestContext& context) const {
  if (!image) return std::nullopt;
  return engine::ImagePrompt{
      .key = image->key,
      .load = [this, key = image->key, deadline = context.deadline,
               traceparent = context.traceparent] {
        tracing::Span span = tracer_.Start("fetch features", traceparent);
        auto features = Load(key, deadline);
        span.SetStatus(features.status());
        return features;
      }};
}

absl::StatusOr<engine::Features> FeatureSource::Load(
    const std::string& key, absl::Time deadline) const {
  const absl::Time give_up = absl::Now() + fetch_timeout_;
  auto blob = store_->Get(key, std::min(deadline, give_up));
  if (blob.ok()) return ToEngine(*std::move(blob));
  const std::string reason(blob.status().message());
  if (absl::IsNotFound(blob.status())) {
    return absl::NotFoundError(
        "image.key: neither the feature store nor an encoder holds these "
        "features");
  }
  if (absl::IsDeadlineExceeded(blob.status()) && give_up >= deadline)
    return blob.status();
  return absl::UnavailableError(
      absl::StrCat("features cannot be fetched: ", reason));
}

absl::Status CheckImage(const std::optional<inference::ImageFeatures>& image) {
  if (!image) return absl::OkStatus();
  if (image->key.empty()) return InvalidField("image.key", "must not be empty");
  if (image->key.size() > kMaxKeyLength) {
    return InvalidField(
        "image.key", absl::StrCat("must be at most ", kMaxKeyLength, " bytes"));
  }
  const std::pair<const char*, int> counts[] = {
      {"image.rows_per_tile", image->rows_per_tile},
      {"image.hidden_size", image->hidden_size},
      {"image.stored_tile_count", image->stored_tile_count},
  };
  for (const auto& [field, count] : counts) {
    if (count < 1)
      return InvalidField(field,
                          absl::StrCat("must be at least 1, is ", count));
  }
  if (image->tile_count < 1 || image->tile_count > image->stored_tile_count) {
    return InvalidField(
        "image.tile_count",
        absl::StrCat("must be within [1, ", image->stored_tile_count, "], is ",
                     image->tile_count));
  }
  return absl::OkStatus();
}

std::vector<std::string> SplitAddresses(std::string_view list) {
  std::vector<std::string> addresses;
  for (const absl::string_view entry :
       absl::StrSplit(absl::string_view(list.data(), list.size()), ',',
                      absl::SkipWhitespace())) {
    addresses.emplace_back(absl::StripAsciiWhitespace(entry));
  }
  return addresses;
}

}  // namespace stagebeam::worker
