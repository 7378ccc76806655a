#include "services/encoder/encoder_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/features/feature_blob.h"
#include "libs/pixels/preprocessor.h"
#include "libs/serving/status_conversion.h"
#include "tests/cluster/redis_server.h"
#include "tests/encoder/encoder_replica.h"

namespace stagebeam::encoder {
namespace {

constexpr char kEncodings[] = "stagebeam_encoder_encodings_total";

std::string Picture(const std::string& name) {
  std::ifstream file("tests/pixels/samples/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Joined(const std::vector<std::string>& chunks) {
  return std::accumulate(chunks.begin(), chunks.end(), std::string());
}

double Hits(const EncoderReplica& replica, const std::string& tier) {
  return replica.Metric(
      "stagebeam_feature_store_gets_total{outcome=\"hit\",tier=\"" + tier +
      "\"}");
}

// Calls EncodeImage on many threads at once; the answers of those that are OK.
std::vector<v1::EncodeImageResponse> EncodeAtOnce(
    const std::vector<EncoderReplica*>& replicas, int calls,
    const std::string& image) {
  absl::Mutex mutex;
  std::vector<v1::EncodeImageResponse> answers;
  std::vector<std::thread> threads;
  for (int i = 0; i < calls; ++i) {
    threads.emplace_back([&, i] {
      v1::EncodeImageResponse answer;
      const grpc::Status status =
          replicas[i % replicas.size()]->Encode(image, &answer);
      EXPECT_TRUE(status.ok()) << status.error_message();
      absl::MutexLock lock(&mutex);
      if (status.ok()) answers.push_back(answer);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

int CountUncached(const std::vector<v1::EncodeImageResponse>& answers) {
  return static_cast<int>(std::count_if(
      answers.begin(), answers.end(),
      [](const v1::EncodeImageResponse& answer) { return !answer.cached(); }));
}

TEST(EncoderService, DescribesTheFeatures) {
  EncoderReplica replica({});
  v1::EncodeImageResponse answer;
  ASSERT_TRUE(replica.Encode(Picture("lossless.webp"), &answer).ok());
  EXPECT_EQ(answer.features().key().size(), 64u);
  EXPECT_EQ(answer.features().tile_count(), 1);
  EXPECT_EQ(answer.features().stored_tile_count(), 4);
  EXPECT_EQ(answer.features().rows_per_tile(),
            ReferenceVision().rows_per_tile());
  EXPECT_EQ(answer.features().hidden_size(), ReferenceVision().hidden_size());
  EXPECT_FALSE(answer.cached());
  EXPECT_GT(answer.encode_time().nanos() + answer.encode_time().seconds(), 0);
}

TEST(EncoderService, TheSecondCallIsCached) {
  EncoderReplica replica({});
  v1::EncodeImageResponse first;
  v1::EncodeImageResponse second;
  ASSERT_TRUE(replica.Encode(Picture("rgb8.png"), &first).ok());
  ASSERT_TRUE(replica.Encode(Picture("rgb8.png"), &second).ok());
  EXPECT_TRUE(second.cached());
  EXPECT_EQ(second.encode_time().nanos(), 0);
  EXPECT_EQ(first.features().SerializeAsString(),
            second.features().SerializeAsString());
  EXPECT_EQ(replica.Metric(kEncodings), 1);
  EXPECT_EQ(Hits(replica, "memory"), 1);
}

TEST(EncoderService, SixtyFourColdCallsForOnePictureCostOneEncoding) {
  EncoderReplica replica({});
  const auto answers = EncodeAtOnce({&replica}, 64, Picture("ycc420.jpg"));
  EXPECT_EQ(answers.size(), 64u);
  EXPECT_EQ(CountUncached(answers), 1);
  EXPECT_EQ(replica.Metric(kEncodings), 1);
  EXPECT_EQ(replica.Metric("stagebeam_encoder_joined_calls_total") +
                Hits(replica, "memory"),
            63);
}

TEST(EncoderService, TwoReplicasWithOneRedisCostOneEncoding) {
  testing::RedisServer redis;
  redis.Start();
  EncoderReplica a({.redis = {redis.address()}});
  EncoderReplica b({.redis = {redis.address()}});
  const auto answers = EncodeAtOnce({&a, &b}, 64, Picture("ycc420.jpg"));
  EXPECT_EQ(answers.size(), 64u);
  EXPECT_EQ(CountUncached(answers), 1);
  EXPECT_EQ(a.Metric(kEncodings) + b.Metric(kEncodings), 1);
}

TEST(EncoderService, AReplicaFindsInRedisWhatAnotherEncoded) {
  testing::RedisServer redis;
  redis.Start();
  EncoderReplica a({.redis = {redis.address()}});
  EncoderReplica b({.redis = {redis.address()}});
  v1::EncodeImageResponse answer;
  ASSERT_TRUE(a.Encode(Picture("rgba8.png"), &answer).ok());
  ASSERT_TRUE(b.Encode(Picture("rgba8.png"), &answer).ok());
  EXPECT_TRUE(answer.cached());
  EXPECT_EQ(b.Metric(kEncodings), 0);
  EXPECT_EQ(Hits(b, "redis"), 1);
  std::vector<std::string> chunks;
  ASSERT_TRUE(b.Fetch(answer.features().key(), &chunks).ok());
  EXPECT_TRUE(features::FeatureBlob::Parse(Joined(chunks)).ok());
}

TEST(EncoderService, ServesWithoutTheRedisItWasPromised) {
  EncoderReplica replica({.redis = {"/nowhere/redis.sock"}});
  v1::EncodeImageResponse answer;
  ASSERT_TRUE(replica.Encode(Picture("rgb8.png"), &answer).ok());
  ASSERT_TRUE(replica.Encode(Picture("rgb8.png"), &answer).ok());
  EXPECT_TRUE(answer.cached());
  std::vector<std::string> chunks;
  EXPECT_TRUE(replica.Fetch(answer.features().key(), &chunks).ok());
  EXPECT_EQ(replica.Metric(kEncodings), 1);
}

TEST(EncoderService, ServesOnWhenRedisDies) {
  testing::RedisServer redis;
  redis.Start();
  EncoderReplica replica({.redis = {redis.address()}});
  v1::EncodeImageResponse answer;
  ASSERT_TRUE(replica.Encode(Picture("rgb8.png"), &answer).ok());
  redis.Kill();
  ASSERT_TRUE(replica.Encode(Picture("rgb8.png"), &answer).ok());
  EXPECT_TRUE(answer.cached());
  ASSERT_TRUE(replica.Encode(Picture("rgb16.png"), &answer).ok());
  EXPECT_FALSE(answer.cached());
}

TEST(EncoderService, FetchGivesTheFeaturesThatTheEngineComputed) {
  EncoderReplica replica({});
  const std::string image = Picture("progressive444.jpg");
  v1::EncodeImageResponse answer;
  ASSERT_TRUE(replica.Encode(image, &answer).ok());
  std::vector<std::string> chunks;
  ASSERT_TRUE(replica.Fetch(answer.features().key(), &chunks).ok());
  const auto blob = features::FeatureBlob::Parse(Joined(chunks));
  ASSERT_TRUE(blob.ok()) << blob.status();
  EXPECT_EQ((*blob)->vision_digest(), ReferenceVision().vision_digest());
  EXPECT_EQ((*blob)->shape().tile_count, answer.features().tile_count());
  const auto picture = pixels::DecodeImage(image, {});
  const auto expected = ReferenceVision().Encode(
      pixels::MakeTiles(*picture, ReferenceVision().preprocessor()));
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(std::string((*blob)->payload().begin(), (*blob)->payload().end()),
            *expected);
}

TEST(EncoderService, FetchSendsLargeFeaturesInPiecesOfAMebibyte) {
  EncoderReplica replica({});
  const features::FeatureShape shape = {.tile_count = 1,
                                        .rows_per_tile = 700,
                                        .hidden_size = 1024,
                                        .stored_tile_count = 1};
  const auto blob = features::FeatureBlob::Create(
      shape, "digest", std::string(shape.payload_bytes(), 'f'));
  ASSERT_TRUE(blob.ok()) << blob.status();
  const std::string key(64, 'a');
  ASSERT_TRUE(
      replica.stack().memory->Put(key, *blob, absl::InfiniteFuture()).ok());
  std::vector<std::string> chunks;
  ASSERT_TRUE(replica.Fetch(key, &chunks).ok());
  EXPECT_EQ(chunks.size(), 3u);
  for (const std::string& chunk : chunks) EXPECT_LE(chunk.size(), 1u << 20);
  EXPECT_TRUE(Joined(chunks) == (*blob)->bytes());
}

TEST(EncoderService, FetchKnowsNoOtherKey) {
  testing::RedisServer redis;
  redis.Start();
  EncoderReplica replica({.redis = {redis.address()}});
  for (const std::string& key :
       {std::string(), std::string("nonsense"), std::string(64, '0'),
        std::string(64, 'z'), std::string(100000, '0')}) {
    std::vector<std::string> chunks;
    const grpc::Status status = replica.Fetch(key, &chunks);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(status.error_message(), ::testing::StartsWith("key: "));
    EXPECT_TRUE(chunks.empty());
  }
}

TEST(EncoderService, EveryBadPictureIsOneClearErrorAndTheServiceLives) {
  EncoderReplica replica(
      {.limits = {.max_bytes = 4096, .max_side = 100, .max_pixels = 2000}});
  const std::string png = Picture("rgb8.png");
  std::string huge = png;
  huge.replace(16, 8, std::string("\0\0\xea\x60\0\0\xea\x60", 8));
  std::string broken = png;
  broken[png.size() / 2] ^= 1;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "image: empty"},
      {"no picture", "image: not a PNG, JPEG or WebP file"},
      {"GIF89a......", "image: GIF is not supported, send PNG, JPEG or WebP"},
      {huge, "image: 60000x60000 pixels, the limit of a side is 100"},
      {broken, "image: broken PNG"},
      {png.substr(0, png.size() - 20), "image: truncated PNG"},
      {Picture("ycc420.jpg").substr(0, 300), "image: truncated JPEG"},
      {std::string(5000, 'x'), "image: 5000 bytes, the limit is 4096"},
  };
  for (const auto& [image, message] : cases) {
    SCOPED_TRACE(message);
    v1::EncodeImageResponse answer;
    const grpc::Status status = replica.Encode(image, &answer);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message(), message);
    const auto violations =
        serving::FieldViolations(serving::FromGrpcStatus(status));
    ASSERT_EQ(violations.size(), 1u);
    EXPECT_EQ(violations[0].field, "image");
  }
  v1::EncodeImageResponse answer;
  EXPECT_TRUE(replica.Encode(png, &answer).ok());
  EXPECT_EQ(replica.Metric(kEncodings), 1);
}

TEST(EncoderService, AFullQueueAnswersAtOnceAndSaysWhenToComeAgain) {
  EncoderReplica replica({.queue = {.max_running = 1, .max_waiting = 0}});
  v1::EncodeImageResponse answer;
  {
    const auto turn = replica.queue().Enter({});
    ASSERT_TRUE(turn.ok());
    const grpc::Status status = replica.Encode(Picture("rgb8.png"), &answer);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(
        serving::RetryDelay(serving::FromGrpcStatus(status)).has_value());
  }
  EXPECT_TRUE(replica.Encode(Picture("rgb8.png"), &answer).ok());
}

// One EncodeImage call on a thread of its own.
class Caller {
 public:
  Caller(EncoderReplica& replica, std::string image) {
    request_.set_image(std::move(image));
    end_ = std::async(std::launch::async, [this, &replica] {
      return replica.stub().EncodeImage(&context_, request_, &answer_);
    });
  }

  void Cancel() { context_.TryCancel(); }
  grpc::Status Wait() { return end_.get(); }

 private:
  grpc::ClientContext context_;
  v1::EncodeImageRequest request_;
  v1::EncodeImageResponse answer_;
  std::future<grpc::Status> end_;
};

TEST(EncoderService, ACallerThatLeavesTakesNothingFromTheOthers) {
  EncoderReplica replica({});
  const std::string image = Picture("rgb8.png");
  auto turn = replica.queue().Enter({});
  ASSERT_TRUE(turn.ok());
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::make_unique<Caller>(replica, image));
  }
  for (int i = 0; i < 4; ++i) callers[i]->Cancel();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(callers[i]->Wait().error_code(), grpc::StatusCode::CANCELLED);
  }
  { const EncodingQueue::Turn done = *std::move(turn); }
  for (int i = 4; i < 8; ++i) EXPECT_TRUE(callers[i]->Wait().ok());
  EXPECT_EQ(replica.Metric(kEncodings), 1);
}

TEST(EncoderService, AWaiterKeepsItsOwnDeadline) {
  EncoderReplica replica({});
  const std::string image = Picture("rgb8.png");
  auto turn = replica.queue().Enter({});
  ASSERT_TRUE(turn.ok());
  Caller patient(replica, image);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(100));
  v1::EncodeImageRequest request;
  request.set_image(image);
  v1::EncodeImageResponse answer;
  EXPECT_EQ(replica.stub().EncodeImage(&context, request, &answer).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  { const EncodingQueue::Turn done = *std::move(turn); }
  EXPECT_TRUE(patient.Wait().ok());
}

}  // namespace
}  // namespace stagebeam::encoder
