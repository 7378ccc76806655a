#ifndef STAGEBEAM_TESTS_GENERATOR_GENERATOR_FIXTURE_H_
#define STAGEBEAM_TESTS_GENERATOR_GENERATOR_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"
#include "services/generator/generator.h"
#include "services/generator/generator_service.h"
#include "tests/worker/engine_fixture.h"

namespace stagebeam::generator {

// A generator on the reference checkpoint behind a port, started once.
class GeneratorTest : public testing::Test {
 protected:
  struct Process {
    worker::EngineFixture worker;
    EngineGenerator generator{
        *worker.engine, *worker.features, {}, worker.metrics};
    std::unique_ptr<serving::CallRunner> calls = worker.Calls();
    GeneratorServiceAdapter service{generator, *calls};
    std::unique_ptr<serving::Server> server = worker.Serve(
        v1::GeneratorService::service_full_name(), service, *calls);
  };

  static void SetUpTestSuite() {
    process_ = std::make_unique<Process>();
    stub_ = v1::GeneratorService::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", process_->server->port()),
        grpc::InsecureChannelCredentials()));
  }
  static void TearDownTestSuite() {
    stub_.reset();
    process_.reset();
  }

  // Greedy, 16 tokens, about the picture "red".
  static v1::GenerateCandidatesRequest Request() {
    v1::GenerateCandidatesRequest request;
    *request.mutable_image() = worker::EngineFixture::Image("red");
    request.set_question("How many red circles are there?");
    request.set_candidate_count(1);
    request.mutable_sampling()->set_temperature(0);
    request.mutable_stopping()->set_max_new_tokens(16);
    return request;
  }

  // Sampled at temperature 1 from the whole vocabulary.
  static v1::GenerateCandidatesRequest SampledRequest(int candidates) {
    v1::GenerateCandidatesRequest request = Request();
    request.set_candidate_count(candidates);
    request.mutable_sampling()->set_temperature(1);
    request.mutable_sampling()->set_top_p(1);
    request.mutable_sampling()->set_top_k(0);
    return request;
  }

  static grpc::Status Send(const v1::GenerateCandidatesRequest& request,
                           v1::GenerateCandidatesResponse* response,
                           absl::Duration time = absl::Minutes(5)) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + time));
    return stub_->GenerateCandidates(&context, request, response);
  }

  // As Send, over StreamCandidates.
  static grpc::Status Receive(
      const v1::GenerateCandidatesRequest& request,
      std::vector<v1::StreamCandidatesResponse>* messages) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(5)));
    v1::StreamCandidatesRequest stream_request;
    *stream_request.mutable_request() = request;
    const auto reader = stub_->StreamCandidates(&context, stream_request);
    v1::StreamCandidatesResponse message;
    while (reader->Read(&message)) messages->push_back(message);
    return reader->Finish();
  }

  static v1::GenerateCandidatesResponse Answer(
      const v1::GenerateCandidatesRequest& request) {
    v1::GenerateCandidatesResponse response;
    const grpc::Status status = Send(request, &response);
    EXPECT_TRUE(status.ok())
        << status.error_code() << " " << status.error_message();
    return response;
  }

  static std::vector<int> Ids(const v1::Candidate& candidate) {
    return {candidate.token_ids().begin(), candidate.token_ids().end()};
  }

  // The ids of every candidate.
  static std::vector<std::vector<int>> AllIds(
      const v1::GenerateCandidatesRequest& request) {
    std::vector<std::vector<int>> all;
    const v1::GenerateCandidatesResponse response = Answer(request);
    for (const v1::Candidate& candidate : response.candidates())
      all.push_back(Ids(candidate));
    return all;
  }

  static inline std::unique_ptr<Process> process_;
  static inline std::unique_ptr<v1::GeneratorService::Stub> stub_;
};

}  // namespace stagebeam::generator

#endif  // STAGEBEAM_TESTS_GENERATOR_GENERATOR_FIXTURE_H_
