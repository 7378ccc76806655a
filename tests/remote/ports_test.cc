// The ports over real sockets: encoder, generator, judge and feature store.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/remote/encoder_conversion.h"
#include "libs/remote/feature_conversion.h"
#include "libs/remote/generator_conversion.h"
#include "libs/remote/judge_conversion.h"
#include "libs/remote/remote_encoder.h"
#include "libs/remote/remote_feature_store.h"
#include "libs/remote/remote_generator.h"
#include "libs/remote/remote_judge.h"
#include "stagebeam/generator/v1/generator.grpc.pb.h"
#include "stagebeam/judge/v1/judge.grpc.pb.h"
#include "tests/serving/encoder_server.h"

namespace stagebeam::remote {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using encoder::v1::FetchFeaturesRequest;
using encoder::v1::FetchFeaturesResponse;
using features::FeatureBlob;
using inference::RequestContext;
using serving::EncoderServer;
using serving::ResponseStream;

// Generator and judge behind one port, with answers that the test writes.
class ScriptedModel final
    : public generator::v1::GeneratorService::CallbackService {
 public:
  using Generate = std::function<absl::StatusOr<inference::GenerateResult>(
      const inference::GenerateRequest&)>;

  ScriptedModel(serving::CallRunner& calls, Generate generate)
      : calls_(calls), generate_(std::move(generate)) {}

  grpc::ServerUnaryReactor* GenerateCandidates(
      grpc::CallbackServerContext* call,
      const generator::v1::GenerateCandidatesRequest* request,
      generator::v1::GenerateCandidatesResponse* response) override {
    return calls_.Unary(call, "/GenerateCandidates",
                        [this, request, response](const RequestContext&) {
                          auto result = generate_(FromProto(*request));
                          if (result.ok()) *response = ToProto(*result);
                          return result.status();
                        });
  }

 private:
  serving::CallRunner& calls_;
  const Generate generate_;
};

class ScriptedJudge final : public judge::v1::JudgeService::CallbackService {
 public:
  using Compare = std::function<absl::StatusOr<inference::CompareResult>(
      const inference::CompareRequest&)>;

  ScriptedJudge(serving::CallRunner& calls, Compare compare)
      : calls_(calls), compare_(std::move(compare)) {}

  grpc::ServerUnaryReactor* ComparePairs(
      grpc::CallbackServerContext* call,
      const judge::v1::ComparePairsRequest* request,
      judge::v1::ComparePairsResponse* response) override {
    return calls_.Unary(call, "/ComparePairs",
                        [this, request, response](const RequestContext&) {
                          auto parsed = FromProto(*request);
                          if (!parsed.ok()) return parsed.status();
                          auto result = compare_(*parsed);
                          if (result.ok()) *response = ToProto(*result);
                          return result.status();
                        });
  }

 private:
  serving::CallRunner& calls_;
  const Compare compare_;
};

// A server with both, and a set of the one replica.
class ModelServer {
 public:
  ModelServer(ScriptedModel::Generate generate, ScriptedJudge::Compare compare)
      : logger_(serving::LogLevel::kError),
        metrics_("model"),
        calls_({}, {}, metrics_, logger_),
        model_(calls_, std::move(generate)),
        judge_(calls_, std::move(compare)) {
    serving::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.metrics_listen = "";
    auto server = serving::Server::Start(
        options, {{"generator", &model_}, {"judge", &judge_}}, calls_, metrics_,
        logger_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->SetServing();
    auto set = ReplicaSet::Create(absl::StrCat("127.0.0.1:", server_->port()));
    EXPECT_TRUE(set.ok()) << set.status();
    replicas_ = *std::move(set);
  }

  ReplicaSet& replicas() { return *replicas_; }

 private:
  const serving::Logger logger_;
  serving::Metrics metrics_;
  serving::CallRunner calls_;
  ScriptedModel model_;
  ScriptedJudge judge_;
  std::unique_ptr<serving::Server> server_;
  std::unique_ptr<ReplicaSet> replicas_;
};

std::unique_ptr<ReplicaSet> SetOf(const std::string& addresses) {
  auto set = ReplicaSet::Create(addresses);
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

TEST(RemoteGenerator, RequestAndAnswerArriveWhole) {
  inference::GenerateRequest request;
  request.image = inference::ImageFeatures{"key", 2, 17, 64, 4};
  request.question = "How many?";
  request.prefix_token_ids = {1, 2, 3};
  request.prefix_text = "</SUMMARY>";
  request.candidate_count = 2;
  request.sampling = {.temperature = 0.3, .top_p = 0.5, .top_k = 7, .seed = 9};
  request.stopping.stop_strings = {"</CAPTION>"};
  request.session_id = "s";
  inference::GenerateResult answer;
  answer.candidates.resize(2);
  answer.candidates[0].text = "a";
  answer.candidates[0].logprob = -1.5;
  answer.candidates[1].token_ids = {5, 6};
  answer.candidates[1].token_logprobs = {-1, -2};
  answer.usage.prompt_token_count = 11;
  answer.usage.decode_time = absl::Milliseconds(3);
  answer.model_id = "reference@1";
  answer.prefix_text_token_ids = {8, 9};
  inference::GenerateRequest seen;
  ModelServer server(
      [&](const inference::GenerateRequest& received) {
        seen = received;
        return answer;
      },
      nullptr);
  RemoteGenerator generator(server.replicas());
  const auto result = generator.GenerateCandidates({}, request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(seen.image, request.image);
  EXPECT_EQ(seen.question, request.question);
  EXPECT_EQ(seen.prefix_token_ids, request.prefix_token_ids);
  EXPECT_EQ(seen.prefix_text, request.prefix_text);
  EXPECT_EQ(seen.sampling, request.sampling);
  EXPECT_EQ(seen.stopping, request.stopping);
  EXPECT_EQ(seen.session_id, request.session_id);
  EXPECT_EQ(result->candidates, answer.candidates);
  EXPECT_EQ(result->usage.prompt_token_count, 11);
  EXPECT_EQ(result->usage.decode_time, absl::Milliseconds(3));
  EXPECT_EQ(result->model_id, "reference@1");
  EXPECT_EQ(result->prefix_text_token_ids, answer.prefix_text_token_ids);
}

TEST(RemoteGenerator, AnAnswerOfAnotherSizeIsAnError) {
  ModelServer server(
      [](const inference::GenerateRequest&) {
        return inference::GenerateResult();
      },
      nullptr);
  RemoteGenerator generator(server.replicas());
  EXPECT_EQ(generator.GenerateCandidates({}, {}, nullptr).status().code(),
            absl::StatusCode::kInternal);
}

TEST(RemoteJudge, RequestAndAnswerArriveWhole) {
  inference::CompareRequest request;
  request.question = "How many?";
  request.subject = inference::Subject::kCaption;
  request.hint = "hint";
  request.candidates = {"a", "b"};
  request.pairs = {{1, 0}};
  request.method = inference::JudgeMethod::kWrite;
  inference::CompareResult answer;
  answer.verdicts = {{.first_is_better = true,
                      .confidence = 0.75,
                      .rationale = "since",
                      .unparsed = true}};
  answer.usage.compute_time = absl::Milliseconds(5);
  inference::CompareRequest seen;
  ModelServer server(nullptr, [&](const inference::CompareRequest& received) {
    seen = received;
    return answer;
  });
  RemoteJudge judge(server.replicas());
  const auto result = judge.ComparePairs({}, request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(seen.subject, request.subject);
  EXPECT_EQ(seen.hint, request.hint);
  EXPECT_EQ(seen.candidates, request.candidates);
  EXPECT_EQ(seen.pairs, request.pairs);
  EXPECT_EQ(seen.method, request.method);
  EXPECT_FALSE(seen.image.has_value());
  ASSERT_EQ(result->verdicts.size(), 1u);
  EXPECT_TRUE(result->verdicts[0].first_is_better);
  EXPECT_EQ(result->verdicts[0].confidence, 0.75);
  EXPECT_EQ(result->verdicts[0].rationale, "since");
  EXPECT_TRUE(result->verdicts[0].unparsed);
  EXPECT_EQ(result->usage.compute_time, absl::Milliseconds(5));
}

TEST(RemoteJudge, AnAnswerOfAnotherSizeIsAnError) {
  ModelServer server(nullptr, [](const inference::CompareRequest&) {
    return inference::CompareResult();
  });
  RemoteJudge judge(server.replicas());
  inference::CompareRequest request;
  request.pairs = {{0, 1}};
  EXPECT_EQ(judge.ComparePairs({}, request).status().code(),
            absl::StatusCode::kInternal);
}

TEST(RemoteEncoder, APictureOfManyMegabytesArrives) {
  size_t seen = 0;
  EncoderServer server(
      {.encode = [&](const RequestContext&, const EncodeImageRequest& request,
                     EncodeImageResponse& response) {
        seen = request.image().size();
        response = ToProto(inference::EncodeResult{
            {"key", 1, 17, 64, 4}, true, absl::Milliseconds(7)});
        return absl::OkStatus();
      }});
  const auto set = SetOf(server.address());
  RemoteEncoder encoder(*set);
  const auto result =
      encoder.EncodeImage({}, std::string(size_t{20} << 20, 'x'));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(seen, size_t{20} << 20);
  EXPECT_EQ(result->features, (inference::ImageFeatures{"key", 1, 17, 64, 4}));
  EXPECT_TRUE(result->cached);
  EXPECT_EQ(result->encode_time, absl::Milliseconds(7));
}

std::shared_ptr<const FeatureBlob> NewBlob() {
  const features::FeatureShape shape = {features::FeatureDType::kFloat32, 1,
                                        1000, 600, 1};
  auto blob = FeatureBlob::Create(
      shape, "digest", std::string(size_t(shape.payload_bytes()), 'f'));
  EXPECT_TRUE(blob.ok()) << blob.status();
  return *blob;
}

// An encoder that holds `bytes` under "held", and nothing else.
serving::ScriptedEncoder::Fetch Holds(std::string bytes) {
  return [bytes](const RequestContext&, const FetchFeaturesRequest& request,
                 ResponseStream<FetchFeaturesResponse>& stream) {
    if (request.key() != "held") return absl::NotFoundError("not held");
    FetchFeaturesResponse response;
    for (size_t at = 0; at < bytes.size(); at += 1 << 20) {
      response.set_chunk(bytes.substr(at, 1 << 20));
      if (!stream.Write(response)) return absl::CancelledError("gone");
    }
    return absl::OkStatus();
  };
}

absl::Time Soon() { return absl::Now() + absl::Seconds(60); }

TEST(RemoteFeatureStore, ABlobIsPutTogether) {
  const auto blob = NewBlob();
  ASSERT_GT(blob->bytes().size(), size_t{2} << 20);
  EncoderServer server({.fetch = Holds(std::string(blob->bytes()))});
  const auto set = SetOf(server.address());
  RemoteFeatureStore store(*set);
  const auto got = store.Get("held", Soon());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)->bytes(), blob->bytes());
}

TEST(RemoteFeatureStore, EveryEncoderIsAskedForAKey) {
  const auto blob = NewBlob();
  EncoderServer holder({.fetch = Holds(std::string(blob->bytes()))});
  EncoderServer empty({.fetch = [](const auto&, const auto&, auto&) {
    return absl::NotFoundError("not held");
  }});
  EncoderServer other({.fetch = [](const auto&, const auto&, auto&) {
    return absl::NotFoundError("not held");
  }});
  for (const std::string& list :
       {absl::StrCat(holder.address(), ",", empty.address(), ",",
                     other.address()),
        absl::StrCat(other.address(), ",", empty.address(), ",",
                     holder.address())}) {
    const auto set = SetOf(list);
    RemoteFeatureStore store(*set);
    EXPECT_TRUE(store.Get("held", Soon()).ok());
    EXPECT_EQ(store.Get("lost", Soon()).status().code(),
              absl::StatusCode::kNotFound);
  }
}

TEST(RemoteFeatureStore, ABlobThatDoesNotVerifyIsAMiss) {
  std::string bytes(NewBlob()->bytes());
  bytes[bytes.size() / 2] ^= 1;
  EncoderServer server({.fetch = Holds(bytes)});
  const auto set = SetOf(server.address());
  RemoteFeatureStore store(*set);
  EXPECT_EQ(store.Get("held", Soon()).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(RemoteFeatureStore, AnEndlessBlobIsRefusedWhileItArrives) {
  EncoderServer server(
      {.fetch = [](const RequestContext&, const FetchFeaturesRequest&,
                   ResponseStream<FetchFeaturesResponse>& stream) {
        FetchFeaturesResponse response;
        response.set_chunk(std::string(1 << 20, 'x'));
        while (stream.Write(response)) {
        }
        return absl::CancelledError("gone");
      }});
  const auto set = SetOf(server.address());
  RemoteFeatureStore store(*set, 8 << 20);
  EXPECT_EQ(store.Get("held", Soon()).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(RemoteFeatureStore, PutsAreNotForEncoders) {
  const auto set = SetOf("127.0.0.1:1");
  RemoteFeatureStore store(*set);
  EXPECT_EQ(store.Put("k", NewBlob(), Soon()).code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace stagebeam::remote
