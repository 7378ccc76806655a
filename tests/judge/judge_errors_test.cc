// Bad requests get one clear error that names the field; the process lives on.
#include <gmock/gmock.h>

#include <functional>
#include <string>

#include "tests/judge/judge_fixture.h"

namespace stagebeam::judge {
namespace {

using ::testing::SizeIs;
using ::testing::StartsWith;
using Message = v1::ComparePairsRequest;

class JudgeErrors : public JudgeTest {
 protected:
  static Message GoodRequest() {
    Message request = Request();
    AddPair(0, 1, &request);
    return request;
  }
};

TEST_F(JudgeErrors, EveryFieldOutOfItsRangeIsNamed) {
  const std::pair<const char*, std::function<void(Message&)>> cases[] = {
      {"image.key", [](Message& r) { r.mutable_image()->clear_key(); }},
      {"image.tile_count",
       [](Message& r) { r.mutable_image()->set_tile_count(-1); }},
      {"question", [](Message& r) { r.clear_question(); }},
      {"subject", [](Message& r) { r.clear_subject(); }},
      {"subject",
       [](Message& r) { r.set_subject(static_cast<v1::Subject>(77)); }},
      {"method", [](Message& r) { r.set_method(static_cast<v1::Method>(77)); }},
      {"pairs", [](Message& r) { r.clear_pairs(); }},
      {"pairs[1].first", [](Message& r) { AddPair(-1, 0, &r); }},
      {"pairs[1].second", [](Message& r) { AddPair(0, 4, &r); }},
      {"pairs[1]", [](Message& r) { AddPair(2, 2, &r); }},
      {"pairs[0].stream",
       [](Message& r) { r.mutable_pairs(0)->set_stream(-1); }},
      {"pairs[0].first", [](Message& r) { r.clear_candidates(); }},
      {"pairs",
       [](Message& r) {
         for (int i = 0; i < 64; ++i) AddPair(0, 1, &r);
       }},
      {"pairs[0]",
       [](Message& r) { r.set_candidates(0, std::string(100'000, 'x')); }},
  };
  for (const auto& [field, spoil] : cases) {
    Message request = GoodRequest();
    spoil(request);
    v1::ComparePairsResponse response;
    const grpc::Status status = Send(request, &response);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << field;
    EXPECT_THAT(status.error_message(), StartsWith(std::string(field) + ": "));
    const auto violations =
        serving::FieldViolations(serving::FromGrpcStatus(status));
    ASSERT_THAT(violations, SizeIs(1)) << field;
    EXPECT_EQ(violations[0].field, field);
  }
  EXPECT_THAT(Answer(GoodRequest()).verdicts(), SizeIs(1));
}

TEST_F(JudgeErrors, AWrittenVerdictNeedsRoomInTheContext) {
  Message request = GoodRequest();
  request.set_method(v1::METHOD_WRITE);
  // As a score this just fits.
  const int prompt = Answer(GoodRequest()).usage().prompt_token_count() / 2;
  const int score_prefix =
      static_cast<int>(process_->wording.score_prefix_ids().size());
  std::string hint;
  for (int i = 0; i < worker::kMaxContext - prompt - score_prefix - 40; ++i)
    hint += "\x01";
  request.set_hint(hint);
  v1::ComparePairsResponse response;
  const grpc::Status status = Send(request, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("pairs[0]: "));
  request.set_method(v1::METHOD_SCORE);
  EXPECT_THAT(Answer(request).verdicts(), SizeIs(1));
}

// The prompt with the longest verdict and the score behind it fills the context
// to its last token.
TEST_F(JudgeErrors, AVerdictThatFitsCanBeScoredToo) {
  EngineJudge judge(*process_->worker.engine, process_->wording,
                    *process_->worker.features,
                    {.default_method = inference::JudgeMethod::kWrite,
                     .verdict_length = {.min_tokens = 8, .max_tokens = 8}},
                    process_->worker.metrics);
  inference::CompareRequest request;
  request.question = "How many?";
  request.candidates = {"one", "two"};
  request.pairs = {{0, 1}};
  // Each of these bytes is a token.
  request.hint = std::string(worker::kMaxContext, '\x01');
  auto result = judge.ComparePairs({}, request);
  while (!result.ok()) {
    ASSERT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
    request.hint.pop_back();
    result = judge.ComparePairs({}, request);
  }
  EXPECT_TRUE(result->verdicts[0].unparsed);
  EXPECT_EQ(result->usage.generated_token_count, 8);
}

TEST_F(JudgeErrors, APictureThatNobodyHoldsIsNotFound) {
  Message request = GoodRequest();
  request.mutable_image()->set_key("green");
  v1::ComparePairsResponse response;
  EXPECT_EQ(Send(request, &response).error_code(), grpc::NOT_FOUND);
}

TEST_F(JudgeErrors, FeaturesOfAnotherModelAreAFailedPrecondition) {
  Message request = GoodRequest();
  request.mutable_image()->set_key("foreign");
  v1::ComparePairsResponse response;
  EXPECT_EQ(Send(request, &response).error_code(), grpc::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace stagebeam::judge
