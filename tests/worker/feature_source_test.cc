#include "services/worker/feature_source.h"

#include <gmock/gmock.h>

#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "libs/features/feature_stack.h"
#include "libs/features/memory_store.h"
#include "tests/cluster/redis_server.h"

namespace stagebeam::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

features::FeatureShape Shape() {
  return {.dtype = features::FeatureDType::kBFloat16,
          .tile_count = 2,
          .rows_per_tile = 5,
          .hidden_size = 8,
          .stored_tile_count = 4};
}

inference::ImageFeatures Image(const std::string& key) {
  return {.key = key,
          .tile_count = 2,
          .rows_per_tile = 5,
          .hidden_size = 8,
          .stored_tile_count = 4};
}

TEST(FeatureSource, GivesTheEngineTheBlobsOwnBytes) {
  auto store = std::make_shared<features::MemoryStore>(1 << 20);
  const std::string payload(Shape().payload_bytes(), 'p');
  const auto blob = features::FeatureBlob::Create(Shape(), "digest", payload);
  ASSERT_TRUE(blob.ok()) << blob.status();
  ASSERT_TRUE(store->Put("key", *blob, absl::InfiniteFuture()).ok());
  const FeatureSource source(store, absl::Seconds(1));
  const auto prompt = source.Prompt(Image("key"), {});
  ASSERT_TRUE(prompt.has_value());
  EXPECT_EQ(prompt->key, "key");
  const auto features = prompt->load();
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(features->dtype, engine::DType::kBFloat16);
  EXPECT_EQ(features->tile_count, 2);
  EXPECT_EQ(features->rows_per_tile, 5);
  EXPECT_EQ(features->hidden_size, 8);
  EXPECT_EQ(features->stored_tile_count, 4);
  EXPECT_EQ(features->vision_digest, "digest");
  EXPECT_EQ(std::string(features->payload.begin(), features->payload.end()),
            payload);
  EXPECT_EQ(features->payload.data(), (*blob)->payload().data());
}

TEST(FeatureSource, WithoutAPictureThereIsNothingToLoad) {
  const FeatureSource source(std::make_shared<features::MemoryStore>(0),
                             absl::Seconds(1));
  EXPECT_FALSE(source.Prompt(std::nullopt, {}).has_value());
}

TEST(FeatureSource, FeaturesThatNobodyHoldsAreNotFound) {
  FeatureSourceOptions options;
  const auto source = FeatureSource::Create(options, nullptr);
  ASSERT_TRUE(source.ok()) << source.status();
  const auto features = (*source)->Prompt(Image("key"), {})->load();
  EXPECT_EQ(features.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(features.status().message()),
              StartsWith("image.key: "));
}

TEST(FeatureSource, ReadsWhatAnEncoderLeftInRedisAndKeepsIt) {
  stagebeam::testing::RedisServer redis;
  redis.Start();
  features::FeatureStackOptions encoder;
  encoder.redis_addresses = {redis.address()};
  // Long, for slow machines: it bounds only what does not answer.
  encoder.budget = absl::Seconds(30);
  const auto written = features::BuildFeatureStack(encoder, nullptr, nullptr);
  ASSERT_TRUE(written.ok()) << written.status();
  const auto blob = features::FeatureBlob::Create(
      Shape(), "digest", std::string(Shape().payload_bytes(), 'p'));
  ASSERT_TRUE(blob.ok()) << blob.status();
  const absl::Status put =
      written->store->Put("key", *blob, absl::InfiniteFuture());
  ASSERT_TRUE(put.ok()) << put;

  FeatureSourceOptions options;
  options.stack = encoder;
  options.stack.write_to_redis = false;
  const auto source = FeatureSource::Create(options, nullptr);
  ASSERT_TRUE(source.ok()) << source.status();
  const auto features = (*source)->Prompt(Image("key"), {})->load();
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(features->vision_digest, "digest");
  redis.Kill();
  EXPECT_TRUE((*source)->Prompt(Image("key"), {})->load().ok());
}

TEST(FeatureSource, AnEncoderThatIsAwayIsUnavailable) {
  FeatureSourceOptions options;
  options.encoder = "unix:/no/such/socket";
  options.fetch_timeout = absl::Seconds(2);
  const auto source = FeatureSource::Create(options, nullptr);
  ASSERT_TRUE(source.ok()) << source.status();
  const auto features = (*source)->Prompt(Image("key"), {})->load();
  EXPECT_EQ(features.status().code(), absl::StatusCode::kUnavailable)
      << features.status();
}

TEST(FeatureSource, TheCallsOwnDeadlineEndsTheWait) {
  FeatureSourceOptions options;
  options.encoder = "unix:/no/such/socket";
  const auto source = FeatureSource::Create(options, nullptr);
  ASSERT_TRUE(source.ok()) << source.status();
  inference::RequestContext context;
  context.deadline = absl::Now() - absl::Seconds(1);
  const auto features = (*source)->Prompt(Image("key"), context)->load();
  EXPECT_EQ(features.status().code(), absl::StatusCode::kDeadlineExceeded)
      << features.status();
}

TEST(FeatureSource, BadAddressesAreNamedByFlag) {
  FeatureSourceOptions redis;
  redis.stack.redis_addresses = {"redis://:secret@host:not-a-port"};
  const auto no_redis = FeatureSource::Create(redis, nullptr);
  EXPECT_EQ(no_redis.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(no_redis.status().message()), StartsWith("redis: "));
  EXPECT_THAT(std::string(no_redis.status().message()),
              Not(HasSubstr("secret")));

  FeatureSourceOptions encoder;
  encoder.encoder = "no port here";
  const auto no_encoder = FeatureSource::Create(encoder, nullptr);
  EXPECT_EQ(no_encoder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(no_encoder.status().message()),
              StartsWith("encoder: "));
}

TEST(FeatureSource, AMissingTokenFileIsNamedByFlag) {
  FeatureSourceOptions options;
  options.encoder = "127.0.0.1:1";
  options.encoder_auth_token_file = "no/such/file";
  const auto source = FeatureSource::Create(options, nullptr);
  EXPECT_EQ(source.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(source.status().message()),
              StartsWith("encoder_auth_token_file: "));
}

TEST(CheckImage, NamesTheFieldThatIsOutOfRange) {
  EXPECT_TRUE(CheckImage(std::nullopt).ok());
  EXPECT_TRUE(CheckImage(Image("key")).ok());
  const auto expect = [](const inference::ImageFeatures& image,
                         const std::string& field) {
    const absl::Status status = CheckImage(image);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(status.message()), StartsWith(field + ": "));
  };
  expect(Image(""), "image.key");
  expect(Image(std::string(257, 'k')), "image.key");
  auto image = Image("key");
  image.tile_count = 0;
  expect(image, "image.tile_count");
  image.tile_count = 5;
  expect(image, "image.tile_count");
  image = Image("key");
  image.rows_per_tile = -1;
  expect(image, "image.rows_per_tile");
  image = Image("key");
  image.hidden_size = 0;
  expect(image, "image.hidden_size");
  image = Image("key");
  image.stored_tile_count = 0;
  expect(image, "image.stored_tile_count");
}

}  // namespace
}  // namespace stagebeam::worker
