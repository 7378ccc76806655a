// Bad requests get one clear error that names the field; the process lives on.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "tests/generator/generator_fixture.h"

namespace stagebeam::generator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Message = v1::GenerateCandidatesRequest;

class GeneratorErrors : public GeneratorTest {
 protected:
  // Expects INVALID_ARGUMENT that names `field`, in text and in its details, of
  // both methods.
  static void ExpectRefused(const v1::GenerateCandidatesRequest& request,
                            const std::string& field) {
    v1::GenerateCandidatesResponse response;
    ExpectNamed(Send(request, &response), field);
    std::vector<v1::StreamCandidatesResponse> messages;
    ExpectNamed(Receive(request, &messages), field);
    EXPECT_THAT(messages, IsEmpty());
  }

  static void ExpectNamed(const grpc::Status& status,
                          const std::string& field) {
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << field;
    EXPECT_THAT(status.error_message(), StartsWith(field + ": "));
    const auto violations =
        serving::FieldViolations(serving::FromGrpcStatus(status));
    ASSERT_THAT(violations, SizeIs(1)) << field;
    EXPECT_EQ(violations[0].field, field);
  }

  static void TearDownTestSuite() {
    EXPECT_EQ(Answer(Request()).candidates_size(), 1);
    GeneratorTest::TearDownTestSuite();
  }
};

TEST_F(GeneratorErrors, EveryFieldOutOfItsRangeIsNamed) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::pair<const char*, std::function<void(Message&)>> cases[] = {
      {"image.key", [](Message& r) { r.mutable_image()->clear_key(); }},
      {"image.tile_count",
       [](Message& r) { r.mutable_image()->set_tile_count(0); }},
      {"image.tile_count",
       [](Message& r) { r.mutable_image()->set_tile_count(5); }},
      {"image.rows_per_tile",
       [](Message& r) { r.mutable_image()->set_rows_per_tile(-1); }},
      {"image.hidden_size",
       [](Message& r) { r.mutable_image()->set_hidden_size(0); }},
      {"image.stored_tile_count",
       [](Message& r) { r.mutable_image()->set_stored_tile_count(0); }},
      {"question", [](Message& r) { r.clear_question(); }},
      {"prefix_token_ids[1]",
       [](Message& r) {
         r.add_prefix_token_ids(5), r.add_prefix_token_ids(-1);
       }},
      {"prefix_token_ids[0]", [](Message& r) { r.add_prefix_token_ids(1041); }},
      {"prefix_token_ids[0]", [](Message& r) { r.add_prefix_token_ids(1040); }},
      {"candidate_count", [](Message& r) { r.set_candidate_count(0); }},
      {"candidate_count", [](Message& r) { r.set_candidate_count(-1); }},
      {"candidate_count", [](Message& r) { r.set_candidate_count(65); }},
      {"first_candidate_index",
       [](Message& r) { r.set_first_candidate_index(-1); }},
      {"first_candidate_index",
       [](Message& r) { r.set_first_candidate_index((1 << 20) + 1); }},
      {"sampling.temperature",
       [](Message& r) { r.mutable_sampling()->set_temperature(kNan); }},
      {"sampling.temperature",
       [](Message& r) { r.mutable_sampling()->set_temperature(kInfinity); }},
      {"sampling.temperature",
       [](Message& r) { r.mutable_sampling()->set_temperature(-0.1); }},
      {"sampling.temperature",
       [](Message& r) { r.mutable_sampling()->set_temperature(2.1); }},
      {"sampling.top_p",
       [](Message& r) { r.mutable_sampling()->set_top_p(kNan); }},
      {"sampling.top_p",
       [](Message& r) { r.mutable_sampling()->set_top_p(0); }},
      {"sampling.top_p",
       [](Message& r) { r.mutable_sampling()->set_top_p(1.01); }},
      {"sampling.top_k",
       [](Message& r) { r.mutable_sampling()->set_top_k(-1); }},
      {"sampling.stage_index",
       [](Message& r) { r.mutable_sampling()->set_stage_index(-1); }},
      {"stopping.stop_strings",
       [](Message& r) {
         for (int i = 0; i < 9; ++i)
           r.mutable_stopping()->add_stop_strings("x");
       }},
      {"stopping.stop_strings[0]",
       [](Message& r) { r.mutable_stopping()->add_stop_strings(""); }},
      {"stopping.max_new_tokens",
       [](Message& r) { r.mutable_stopping()->set_max_new_tokens(-1); }},
      {"stopping.max_new_tokens",
       [](Message& r) {
         r.mutable_stopping()->set_max_new_tokens(worker::kMaxNewTokens + 1);
       }},
      {"stopping.min_new_tokens",
       [](Message& r) { r.mutable_stopping()->set_min_new_tokens(-1); }},
      {"stopping.min_new_tokens",
       [](Message& r) { r.mutable_stopping()->set_min_new_tokens(17); }},
  };
  for (const auto& [field, spoil] : cases) {
    Message request = Request();
    spoil(request);
    ExpectRefused(request, field);
  }
}

TEST_F(GeneratorErrors, AQuestionOverTheContextIsRefused) {
  Message request = Request();
  request.set_question(std::string(1 << 20, 'x'));
  ExpectRefused(request, "question");
}

TEST_F(GeneratorErrors, PromptAndNewTokensMustFitTheContextTogether) {
  Message request = Request();
  request.mutable_stopping()->set_max_new_tokens(worker::kMaxNewTokens);
  for (int i = 0; i < worker::kMaxContext - 200; ++i)
    request.add_prefix_token_ids(5);
  ExpectRefused(request, "stopping.max_new_tokens");
}

TEST_F(GeneratorErrors, APictureThatNobodyHoldsIsNotFound) {
  Message request = Request();
  request.mutable_image()->set_key("green");
  v1::GenerateCandidatesResponse response;
  const grpc::Status status = Send(request, &response);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("image.key"));
}

TEST_F(GeneratorErrors, FeaturesOfAnotherModelAreAFailedPrecondition) {
  Message request = Request();
  request.mutable_image()->set_key("foreign");
  v1::GenerateCandidatesResponse response;
  EXPECT_EQ(Send(request, &response).error_code(), grpc::FAILED_PRECONDITION);
}

TEST_F(GeneratorErrors, ACallEndsAtItsDeadline) {
  Message request = SampledRequest(64);
  request.mutable_stopping()->set_max_new_tokens(worker::kMaxNewTokens);
  request.mutable_stopping()->set_min_new_tokens(worker::kMaxNewTokens);
  v1::GenerateCandidatesResponse response;
  const grpc::Status status = Send(request, &response, absl::Milliseconds(30));
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED)
      << status.error_message();
}

TEST_F(GeneratorErrors, ACancelledCallLeavesTheEngine) {
  Message request = SampledRequest(64);
  request.mutable_stopping()->set_max_new_tokens(worker::kMaxNewTokens);
  request.mutable_stopping()->set_min_new_tokens(worker::kMaxNewTokens);
  v1::GenerateCandidatesResponse response;
  grpc::ClientContext context;
  grpc::Status status;
  {
    const std::jthread caller([&] {
      status = stub_->GenerateCandidates(&context, request, &response);
    });
    context.TryCancel();
  }
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
  EXPECT_TRUE(process_->calls->WaitUntilIdle(absl::Now() + absl::Minutes(1)));
}

TEST_F(GeneratorErrors, ACancelledStreamLeavesTheEngine) {
  v1::StreamCandidatesRequest request;
  *request.mutable_request() = SampledRequest(64);
  auto& stopping = *request.mutable_request()->mutable_stopping();
  stopping.set_max_new_tokens(worker::kMaxNewTokens);
  stopping.set_min_new_tokens(worker::kMaxNewTokens);
  grpc::ClientContext context;
  const auto reader = stub_->StreamCandidates(&context, request);
  context.TryCancel();
  v1::StreamCandidatesResponse message;
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  EXPECT_TRUE(process_->calls->WaitUntilIdle(absl::Now() + absl::Minutes(1)));
}

}  // namespace
}  // namespace stagebeam::generator
