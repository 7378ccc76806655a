#include "cli/program.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "nlohmann/json.hpp"
#include "stagebeam/orchestrator/v1/orchestrator.grpc.pb.h"

namespace stagebeam::cli {
namespace {

using orchestrator::v1::OrchestratorService;
using orchestrator::v1::StreamReasonRequest;
using orchestrator::v1::StreamReasonResponse;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// An orchestrator that sends the events it was given and remembers the request.
class ScriptedOrchestrator : public OrchestratorService::Service {
 public:
  grpc::Status StreamReason(
      grpc::ServerContext*, const StreamReasonRequest* request,
      grpc::ServerWriter<StreamReasonResponse>* writer) override {
    last_request = *request;
    for (const StreamReasonResponse& event : events) writer->Write(event);
    return status;
  }

  std::vector<StreamReasonResponse> events;
  grpc::Status status = grpc::Status::OK;
  StreamReasonRequest last_request;
};

void AddCandidate(StreamReasonResponse* event, const std::string& text,
                  bool eligible) {
  auto* candidate = event->mutable_candidates_sampled()->add_candidates();
  candidate->set_text(text);
  candidate->set_eligible(eligible);
  candidate->set_token_count(5);
  candidate->set_logprob(-1.5);
  candidate->set_finish_reason(eligible
                                   ? generator::v1::FINISH_REASON_STOP_STRING
                                   : generator::v1::FINISH_REASON_LENGTH);
}

// One caption stage of three candidates, and the answer.
std::vector<StreamReasonResponse> ShortSearch() {
  std::vector<StreamReasonResponse> events(5);
  events[0].mutable_image_encoded()->set_image_key("k1");
  events[1].mutable_candidates_sampled()->set_stage(
      orchestrator::v1::STAGE_CAPTION);
  AddCandidate(&events[1], "<CAPTION> one cat </CAPTION>", true);
  AddCandidate(&events[1], "<CAPTION> two\ncats </CAPTION>", true);
  AddCandidate(&events[1], "<CAPTION> a \x1b[31mdog", false);
  auto* decided = events[2].mutable_duel_decided();
  decided->set_stage(orchestrator::v1::STAGE_CAPTION);
  decided->mutable_duel()->set_second(1);
  decided->mutable_duel()->set_winner(1);
  decided->mutable_duel()->set_confidence(0.75);
  auto* chosen = events[3].mutable_stage_chosen();
  chosen->set_candidate(1);
  chosen->mutable_stage_text()->set_stage(orchestrator::v1::STAGE_CAPTION);
  chosen->mutable_stage_text()->set_text("two cats");
  auto* finished = events[4].mutable_finished();
  finished->set_answer("2");
  finished->mutable_usage()->set_candidate_count(3);
  auto* degradation = finished->add_degradations();
  degradation->set_kind(orchestrator::v1::DEGRADATION_KIND_FEWER_CANDIDATES);
  degradation->set_detail("1 of 3 had no closing tag");
  return events;
}

struct Output {
  int code;
  std::string out;
  std::string err;
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
    service_.events = ShortSearch();
  }
  ~ProgramTest() override { server_->Shutdown(); }

  static Output Run(const std::vector<std::string>& arguments,
                    const std::string& in = "", size_t terminal_width = 0) {
    std::istringstream input(in);
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunProgram(arguments, {input, out, err, terminal_width});
    return {code, out.str(), err.str()};
  }

  Output Ask(const std::vector<std::string>& flags, size_t terminal_width = 0) {
    std::vector<std::string> arguments = {"ask",     "--server", address_,
                                          "--image", "-",        "How many?"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return Run(arguments, "picture bytes", terminal_width);
  }

  ScriptedOrchestrator service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

TEST_F(ProgramTest, PlainOutputIsOneLineAStepAndTheAnswerLast) {
  const Output output = Ask({});
  EXPECT_EQ(output.code, kSuccess) << output.err;
  EXPECT_THAT(output.out, HasSubstr("picture encoded, key k1\n"));
  EXPECT_THAT(
      output.out,
      HasSubstr("CAPTION candidate 2 of 3 (5 tokens, log-probability -1.50, "
                "closed): <CAPTION> two cats </CAPTION>\n"));
  EXPECT_THAT(
      output.out,
      HasSubstr("CAPTION duel: 1 against 2, 2 wins (confidence 0.75)\n"));
  EXPECT_THAT(output.out, HasSubstr("CAPTION chosen: 2: two cats\n"));
  EXPECT_THAT(
      output.out,
      HasSubstr("degraded: FEWER_CANDIDATES: 1 of 3 had no closing tag\n"));
  EXPECT_THAT(output.out, EndsWith("\nanswer: 2\n"));
  EXPECT_THAT(output.out, Not(HasSubstr("\x1b")));
}

TEST_F(ProgramTest, ATerminalGetsColorsWrappedToItsWidth) {
  const Output output = Ask({}, /*terminal_width=*/60);
  EXPECT_EQ(output.code, kSuccess) << output.err;
  EXPECT_THAT(output.out, HasSubstr("\x1b[1mCAPTION\x1b[0m"));
  EXPECT_THAT(output.out, HasSubstr("two cats"));
  EXPECT_THAT(output.out, HasSubstr("(no closing tag: cut at its length)"));
  EXPECT_THAT(output.out, HasSubstr("1 against 2: 2 wins, 75 % sure."));
  EXPECT_THAT(output.out, EndsWith("answer: 2\x1b[0m\n"));
  EXPECT_THAT(output.out, Not(HasSubstr("\x1b[31mdog")))
      << "the model's own escapes are shown bare";
}

TEST_F(ProgramTest, ARepeatedTextIsShownOnce) {
  AddCandidate(&service_.events[1], "<CAPTION> one cat </CAPTION>", true);
  EXPECT_THAT(
      Ask({}).out,
      HasSubstr("CAPTION candidate 4 of 4 (5 tokens, log-probability -1.50, "
                "closed): same as 1\n"));
  EXPECT_THAT(Ask({}, 60).out, HasSubstr("same as 1"));
}

TEST_F(ProgramTest, CandidatesOfALaterDrawAreCountedOn) {
  StreamReasonResponse more;
  more.mutable_candidates_sampled()->set_stage(orchestrator::v1::STAGE_CAPTION);
  more.mutable_candidates_sampled()->set_first_candidate_index(3);
  AddCandidate(&more, "<CAPTION> one cat </CAPTION>", true);
  AddCandidate(&more, "<CAPTION> no cat </CAPTION>", true);
  service_.events.insert(service_.events.begin() + 3, more);
  const std::string plain = Ask({}).out;
  EXPECT_THAT(plain, HasSubstr("CAPTION candidate 4 of 5 (5 tokens, "
                               "log-probability -1.50, closed): same as 1\n"));
  EXPECT_THAT(plain, HasSubstr("closed): <CAPTION> no cat </CAPTION>\n"));
  const std::string terminal = Ask({}, 60).out;
  EXPECT_THAT(terminal, HasSubstr("   4 \x1b[2msame as 1"));
  EXPECT_THAT(terminal, HasSubstr("   5 no cat"));
  EXPECT_EQ(terminal.find("CAPTION\x1b"), terminal.rfind("CAPTION\x1b"))
      << "a stage has one heading";
}

TEST_F(ProgramTest, AStageThatIsChosenLaterIsNamed) {
  EXPECT_THAT(Ask({}, 60).out, Not(HasSubstr("CAPTION: two cats")));
  service_.events[3].mutable_stage_chosen()->mutable_stage_text()->set_stage(
      orchestrator::v1::STAGE_SUMMARY);
  EXPECT_THAT(Ask({}, 60).out, HasSubstr("SUMMARY: two cats"));
}

TEST_F(ProgramTest, ColorFollowsTheFlag) {
  EXPECT_THAT(Ask({"--color=never"}, 60).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(Ask({"--color=always"}, 0).out, HasSubstr("\x1b"));
}

TEST_F(ProgramTest, JsonIsOneEventALine) {
  std::istringstream lines(Ask({"--json"}).out);
  std::vector<nlohmann::json> events;
  for (std::string line; std::getline(lines, line);) {
    events.push_back(nlohmann::json::parse(line));
    EXPECT_GE(events.back()["seconds"], 0.0);
  }
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0]["image_encoded"]["image_key"], "k1");
  EXPECT_EQ(events[1]["candidates_sampled"]["candidates"][2]["eligible"],
            false);
  EXPECT_EQ(events[2]["duel_decided"]["duel"]["first"], 0)
      << "zeros are written too";
  EXPECT_EQ(events[4]["finished"]["answer"], "2");
}

TEST_F(ProgramTest, TheRequestHoldsPictureQuestionAndSearch) {
  ASSERT_EQ(Ask({"--candidates=3", "--seed=5", "--request_id=r1"}).code,
            kSuccess);
  const auto& request = service_.last_request.request();
  EXPECT_EQ(request.image(), "picture bytes");
  EXPECT_EQ(request.question(), "How many?");
  EXPECT_EQ(request.request_id(), "r1");
  EXPECT_EQ(request.search().stage_beam().candidate_count(), 3);
  EXPECT_EQ(request.search().sampling().seed(), 5);
  EXPECT_FALSE(request.include_trace());
}

TEST_F(ProgramTest, AKnownPictureGoesByItsKey) {
  ASSERT_EQ(
      Run({"ask", "--server", address_, "--image_key", "k1", "Why?"}).code,
      kSuccess);
  EXPECT_EQ(service_.last_request.request().image_key(), "k1");
  EXPECT_FALSE(service_.last_request.request().has_search());
}

TEST_F(ProgramTest, TheTraceIsAJsonFile) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("stagebeam-trace-" + std::to_string(::getpid()) + ".json");
  auto* expansion = service_.events.back()
                        .mutable_finished()
                        ->mutable_trace()
                        ->add_expansions();
  expansion->add_survivors(1);
  ASSERT_EQ(Ask({"--trace", path.string()}).code, kSuccess);
  EXPECT_TRUE(service_.last_request.request().include_trace());
  const auto trace = nlohmann::json::parse(std::ifstream(path));
  EXPECT_EQ(trace["trace"]["expansions"][0]["survivors"][0], 1);
  EXPECT_EQ(trace["answer"], "2");
  std::filesystem::remove(path);
}

TEST_F(ProgramTest, ATraceThatCannotBeWrittenIsAnError) {
  const Output output = Ask({"--trace", "/no/such/folder/trace.json"});
  EXPECT_EQ(output.code, kCallFailed);
  EXPECT_THAT(output.err,
              HasSubstr("--trace: cannot write /no/such/folder/trace.json"));
}

TEST_F(ProgramTest, TheServersErrorIsOneLine) {
  service_.events.clear();
  service_.status =
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "question: is\nempty");
  const Output output = Ask({});
  EXPECT_EQ(output.code, kCallFailed);
  EXPECT_EQ(output.err, "error: INVALID_ARGUMENT: question: is empty\n");
}

TEST_F(ProgramTest, AStreamWithoutAnAnswerIsAnError) {
  service_.events.pop_back();
  const Output output = Ask({});
  EXPECT_EQ(output.code, kCallFailed);
  EXPECT_THAT(output.err, HasSubstr("without an answer"));
}

TEST_F(ProgramTest, AnUnreachableServerIsNamed) {
  server_->Shutdown();
  server_->Wait();
  const Output output = Ask({"--timeout=20s"});
  EXPECT_EQ(output.code, kCallFailed);
  EXPECT_THAT(output.err,
              StartsWith("error: UNAVAILABLE: orchestrator at " + address_));
}

TEST_F(ProgramTest, APictureThatCannotBeReadIsNamed) {
  for (const char* path : {"/no/such/cat.png", "/tmp"}) {
    const Output output =
        Run({"ask", "--server", address_, "--image", path, "Why?"});
    EXPECT_EQ(output.code, kCallFailed);
    EXPECT_THAT(output.err,
                HasSubstr(std::string("--image: cannot read ") + path));
  }
}

TEST_F(ProgramTest, WrongUsageExitsWithTwo) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{},
        {"sing"},
        {"ask"},
        {"ask", "--image=a.png"},
        {"ask", "--image=a.png", "--candidates=x", "Why?"}}) {
    const Output output = Run(arguments);
    EXPECT_EQ(output.code, kUsage);
    EXPECT_THAT(output.err, StartsWith("error: "));
    EXPECT_EQ(output.out, "");
  }
}

TEST_F(ProgramTest, HelpListsTheFlags) {
  const Output output = Run({"help"});
  EXPECT_EQ(output.code, kSuccess);
  EXPECT_THAT(output.out, HasSubstr("--survivors"));
}

}  // namespace
}  // namespace stagebeam::cli
