#ifndef STAGEBEAM_TESTS_JUDGE_JUDGE_FIXTURE_H_
#define STAGEBEAM_TESTS_JUDGE_JUDGE_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/serving/status_conversion.h"
#include "services/judge/judge.h"
#include "services/judge/judge_service.h"
#include "tests/worker/engine_fixture.h"

namespace stagebeam::judge {

// A judge on the reference checkpoint behind a port, started once.
class JudgeTest : public testing::Test {
 protected:
  struct Process {
    worker::EngineFixture worker;
    JudgePrompts wording = *JudgePrompts::Load(
        "models/reference/judge_prompts.json", worker.engine->tokenizer());
    EngineJudge judge{
        *worker.engine, wording, *worker.features, {}, worker.metrics};
    std::unique_ptr<serving::CallRunner> calls = worker.Calls();
    JudgeServiceAdapter service{judge, *calls};
    std::unique_ptr<serving::Server> server =
        worker.Serve(v1::JudgeService::service_full_name(), service, *calls);
  };

  static void SetUpTestSuite() {
    process_ = std::make_unique<Process>();
    stub_ = v1::JudgeService::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", process_->server->port()),
        grpc::InsecureChannelCredentials()));
  }
  static void TearDownTestSuite() {
    stub_.reset();
    process_.reset();
  }

  static v1::ComparePairsRequest Request(
      v1::Method method = v1::METHOD_UNSPECIFIED) {
    v1::ComparePairsRequest request;
    *request.mutable_image() = worker::EngineFixture::Image("red");
    request.set_question("How many red circles are there?");
    request.set_subject(v1::SUBJECT_CAPTION);
    for (const char* text :
         {"A red circle and a blue square.", "Two red circles.",
          "There is nothing here at all.", "red red red"}) {
      request.add_candidates(text);
    }
    request.set_method(method);
    return request;
  }

  static void AddPair(int first, int second, v1::ComparePairsRequest* request) {
    v1::Pair* pair = request->add_pairs();
    pair->set_first(first);
    pair->set_second(second);
  }

  static grpc::Status Send(const v1::ComparePairsRequest& request,
                           v1::ComparePairsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(5)));
    return stub_->ComparePairs(&context, request, response);
  }

  static v1::ComparePairsResponse Answer(
      const v1::ComparePairsRequest& request) {
    v1::ComparePairsResponse response;
    const grpc::Status status = Send(request, &response);
    EXPECT_TRUE(status.ok())
        << status.error_code() << " " << status.error_message();
    return response;
  }

  // Probability of the pair's first candidate.
  static double First(const v1::Verdict& verdict) {
    return verdict.first_is_better() ? verdict.confidence()
                                     : 1 - verdict.confidence();
  }

  // The same of a request with one pair, (0, 1).
  static double First(v1::ComparePairsRequest request) {
    request.clear_pairs();
    AddPair(0, 1, &request);
    return First(Answer(request).verdicts(0));
  }

  static inline std::unique_ptr<Process> process_;
  static inline std::unique_ptr<v1::JudgeService::Stub> stub_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_TESTS_JUDGE_JUDGE_FIXTURE_H_
