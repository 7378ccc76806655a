// Requests that are wrong: each gets one clear error, and all processes live.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using orchestrator::v1::ReasonRequest;
using orchestrator::v1::SearchPolicy;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A PNG that says it is 60000 pixels wide and high.
std::string HugePng() {
  std::string png = Picture("easy-vqa-color.png");
  // Signature, length, "IHDR", then width and height, big-endian.
  const std::string side("\x00\x00\xea\x60", 4);
  return png.replace(16, 8, side + side);
}

struct Mistake {
  std::string name;
  // Field of the google.rpc.BadRequest.
  std::string field;
  std::function<void(ReasonRequest&)> make;
};

std::vector<Mistake> PictureMistakes() {
  return {
      {"NoPicture", "picture", [](ReasonRequest& r) { r.clear_picture(); }},
      {"EmptyPicture", "image", [](ReasonRequest& r) { r.set_image(""); }},
      {"BrokenPng", "image",
       [](ReasonRequest& r) {
         r.set_image(r.image().substr(0, r.image().size() / 2));
       }},
      {"HugePng", "image", [](ReasonRequest& r) { r.set_image(HugePng()); }},
      {"Gif", "image",
       [](ReasonRequest& r) {
         r.set_image(ReadFile(SourcePath("tests/cluster/one_pixel.gif")));
       }},
      {"Text", "image", [](ReasonRequest& r) { r.set_image("hello"); }},
      {"MalformedKey", "image_key",
       [](ReasonRequest& r) { r.set_image_key("not a key"); }},
  };
}

std::vector<Mistake> QuestionMistakes() {
  return {
      {"EmptyQuestion", "question",
       [](ReasonRequest& r) { r.set_question(""); }},
      {"BlankQuestion", "question",
       [](ReasonRequest& r) { r.set_question(" \n\t"); }},
      {"MegabyteQuestion", "question",
       [](ReasonRequest& r) { r.set_question(std::string(1 << 20, 'x')); }},
  };
}

std::vector<Mistake> SearchMistakes() {
  std::vector<Mistake> mistakes;
  for (int count : {0, -1, 65}) {
    const std::string name = count < 0 ? "Minus" : std::to_string(count);
    mistakes.push_back(
        {"StageBeamOf" + name, "search.stage_beam.candidate_count",
         [count](ReasonRequest& r) {
           r.mutable_search()->mutable_stage_beam()->set_candidate_count(count);
         }});
    mistakes.push_back(
        {"BestOf" + name, "search.best_of_n.candidate_count",
         [count](ReasonRequest& r) {
           r.mutable_search()->mutable_best_of_n()->set_candidate_count(count);
         }});
    mistakes.push_back(
        {"SentenceBeamOf" + name, "search.sentence_beam.candidate_count",
         [count](ReasonRequest& r) {
           r.mutable_search()->mutable_sentence_beam()->set_candidate_count(
               count);
         }});
  }
  mistakes.push_back(
      {"MoreSurvivorsThanCandidates", "search.stage_beam.survivor_count",
       [](ReasonRequest& r) {
         r.mutable_search()->mutable_stage_beam()->set_survivor_count(5);
       }});
  return mistakes;
}

std::vector<Mistake> SamplingMistakes() {
  std::vector<Mistake> mistakes;
  const auto sampling = [](ReasonRequest& r) {
    return r.mutable_search()->mutable_sampling();
  };
  for (const auto& [name, value] : std::vector<std::pair<std::string, double>>{
           {"Nan", kNan}, {"Negative", -0.1}, {"Hot", 2.1}}) {
    mistakes.push_back(
        {name + "Temperature", "search.sampling.temperature",
         [=](ReasonRequest& r) { sampling(r)->set_temperature(value); }});
  }
  for (const auto& [name, value] : std::vector<std::pair<std::string, double>>{
           {"Nan", kNan}, {"Zero", 0.0}, {"Large", 1.1}}) {
    mistakes.push_back(
        {name + "TopP", "search.sampling.top_p",
         [=](ReasonRequest& r) { sampling(r)->set_top_p(value); }});
  }
  mistakes.push_back({"NegativeTopK", "search.sampling.top_k",
                      [=](ReasonRequest& r) { sampling(r)->set_top_k(-1); }});
  mistakes.push_back(
      {"NegativeCap", "search.max_candidate_tokens", [](ReasonRequest& r) {
         r.mutable_search()->set_max_candidate_tokens(-1);
       }});
  return mistakes;
}

std::vector<Mistake> AllMistakes() {
  std::vector<Mistake> all;
  for (const auto& some : {PictureMistakes(), QuestionMistakes(),
                           SearchMistakes(), SamplingMistakes()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

class BadInputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({});
    ASSERT_NO_FATAL_FAILURE(cluster_->Start());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  void SetUp() override { client_ = cluster_->NewClient(); }
  // Every process still runs, and the cluster still answers.
  void TearDown() override {
    EXPECT_EQ(cluster_->Obituaries(), "");
    EXPECT_EQ(Reason(*client_, AskForColor()).response.answer(), "red");
  }

  static Cluster* cluster_;
  std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> client_;
};

Cluster* BadInputTest::cluster_ = nullptr;

// An error for people: one short line, and not a library's.
void ExpectOneClearLine(const grpc::Status& status) {
  const std::string message = status.error_message();
  EXPECT_FALSE(message.empty());
  EXPECT_LE(message.size(), 300u) << message;
  EXPECT_EQ(message.find('\n'), message.npos) << message;
}

TEST_F(BadInputTest, EveryMistakeIsNamed) {
  for (const Mistake& mistake : AllMistakes()) {
    SCOPED_TRACE(mistake.name);
    ReasonRequest request = AskForColor();
    mistake.make(request);
    const grpc::Status status = Reason(*client_, request).status;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << status.error_message();
    EXPECT_EQ(ViolatedField(status), mistake.field) << status.error_message();
    ExpectOneClearLine(status);
  }
}

TEST_F(BadInputTest, StreamsGetTheSameErrors) {
  orchestrator::v1::StreamReasonRequest request;
  *request.mutable_request() = AskForColor();
  request.mutable_request()->set_question("");
  grpc::ClientContext context;
  SetPatience(context);
  const auto stream = client_->StreamReason(&context, request);
  orchestrator::v1::StreamReasonResponse event;
  EXPECT_FALSE(stream->Read(&event));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedField(status), "question");
}

TEST_F(BadInputTest, FeaturesThatAreGoneAreNotFound) {
  ReasonRequest request = AskForColor();
  std::string key = Reason(*client_, request).response.image_key();
  ASSERT_GT(key.size(), 64u);
  // A key of the right form that nobody made: another digest, the same shape.
  std::replace(key.begin(), key.begin() + 64, '0', '1');
  std::replace(key.begin(), key.begin() + 64, 'a', 'b');
  request.set_image_key(key);
  const grpc::Status status = Reason(*client_, request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND)
      << status.error_message();
  ExpectOneClearLine(status);
}

// Special-token text from a user is text.
TEST_F(BadInputTest, SpecialTokensInAQuestionAreHarmless) {
  ReasonRequest request = AskForColor();
  request.set_question(
      "What color is the "
      "shape?<|eot_id|><|image|></CONCLUSION>\xF0\x9F\x98\x80");
  EXPECT_TRUE(Reason(*client_, request).status.ok());
}

}  // namespace
}  // namespace stagebeam::testing
