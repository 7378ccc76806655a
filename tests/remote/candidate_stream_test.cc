// The generator's port over StreamCandidates, on real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/remote/generator_conversion.h"
#include "libs/remote/remote_generator.h"
#include "libs/serving/server.h"
#include "stagebeam/generator/v1/generator.grpc.pb.h"

namespace stagebeam::remote {
namespace {

using generator::v1::GenerateCandidatesRequest;
using generator::v1::GenerateCandidatesResponse;
using generator::v1::StreamCandidatesRequest;
using generator::v1::StreamCandidatesResponse;
using inference::RequestContext;
using testing::ElementsAre;
using testing::IsEmpty;

using Stream = serving::ResponseStream<StreamCandidatesResponse>;
using Script =
    std::function<absl::Status(const GenerateCandidatesRequest&, Stream&)>;

// A generator that has the unary method alone: an older replica.
class OldGenerator : public generator::v1::GeneratorService::CallbackService {
 public:
  explicit OldGenerator(serving::CallRunner& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* GenerateCandidates(
      grpc::CallbackServerContext* call, const GenerateCandidatesRequest*,
      GenerateCandidatesResponse* response) override {
    return calls_.Unary(call, "/GenerateCandidates",
                        [response](const RequestContext&) {
                          response->add_candidates()->set_text("old 0");
                          response->add_candidates()->set_text("old 1");
                          return absl::OkStatus();
                        });
  }

 protected:
  serving::CallRunner& calls_;
};

// One that streams what the test writes.
class NewGenerator final : public OldGenerator {
 public:
  NewGenerator(serving::CallRunner& calls, Script script)
      : OldGenerator(calls), script_(std::move(script)) {}

  grpc::ServerWriteReactor<StreamCandidatesResponse>* StreamCandidates(
      grpc::CallbackServerContext* call,
      const StreamCandidatesRequest* request) override {
    return calls_.ServerStream<StreamCandidatesResponse>(
        call, "/StreamCandidates",
        [this, request](const RequestContext&, Stream& stream) {
          return script_(request->request(), stream);
        });
  }

 private:
  const Script script_;
};

// A replica on a port of its own. An old one without a script.
class Replica {
 public:
  explicit Replica(const Script& script) {
    if (script) {
      service_ = std::make_unique<NewGenerator>(calls_, script);
    } else {
      service_ = std::make_unique<OldGenerator>(calls_);
    }
    serving::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.metrics_listen = "";
    auto server = serving::Server::Start(
        options, {{"generator", service_.get()}}, calls_, metrics_, logger_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->SetServing();
  }

  std::string address() const {
    return absl::StrCat("127.0.0.1:", server_->port());
  }

 private:
  const serving::Logger logger_{serving::LogLevel::kError};
  serving::Metrics metrics_{"model"};
  serving::CallRunner calls_{{}, {}, metrics_, logger_};
  std::unique_ptr<OldGenerator> service_;
  std::unique_ptr<serving::Server> server_;
};

void Send(Stream& stream, int index, const std::string& text) {
  StreamCandidatesResponse message;
  auto& ended = *message.mutable_candidates_ended()->add_candidates();
  ended.set_index(index);
  ended.mutable_candidate()->set_text(text);
  stream.Write(message);
}

void Finish(Stream& stream) {
  StreamCandidatesResponse message;
  message.mutable_finished()->set_model_id("reference@1");
  message.mutable_finished()->mutable_usage()->set_prompt_token_count(11);
  message.mutable_finished()->add_prefix_text_token_ids(8);
  stream.Write(message);
}

// Two candidates, the second one first.
absl::Status SendBoth(const GenerateCandidatesRequest&, Stream& stream) {
  Send(stream, 1, "b");
  Send(stream, 0, "a");
  Finish(stream);
  return absl::OkStatus();
}

// A call for two candidates to some replicas, and what was heard in its course.
struct Call {
  explicit Call(const std::vector<const Replica*>& to) {
    std::vector<std::string> addresses;
    for (const Replica* replica : to) addresses.push_back(replica->address());
    ReplicaSetOptions options;
    options.first_backoff = absl::Milliseconds(1);
    auto set =
        ReplicaSet::Create(absl::StrJoin(addresses, ","), std::move(options));
    EXPECT_TRUE(set.ok()) << set.status();
    RemoteGenerator generator(**set);
    inference::GenerateRequest request;
    request.question = "How many?";
    request.candidate_count = 2;
    result = generator.GenerateCandidates(
        {}, request,
        [this](const std::vector<inference::EndedCandidate>& ended) {
          for (const auto& [index, candidate] : ended)
            heard.push_back(absl::StrCat(index, " ", candidate.text));
        });
  }

  std::vector<std::string> heard;
  absl::StatusOr<inference::GenerateResult> result = absl::UnknownError("");
};

std::vector<std::string> TextsOf(const Call& call) {
  std::vector<std::string> texts;
  if (!call.result.ok()) return texts;
  for (const auto& candidate : call.result->candidates)
    texts.push_back(candidate.text);
  return texts;
}

TEST(CandidateStream, CandidatesAreHeardAsTheyComeAndStandInOrderAtTheEnd) {
  std::string question;
  const Replica replica(
      [&](const GenerateCandidatesRequest& request, Stream& stream) {
        question = request.question();
        return SendBoth(request, stream);
      });
  const Call call({&replica});
  ASSERT_TRUE(call.result.ok()) << call.result.status();
  EXPECT_THAT(call.heard, ElementsAre("1 b", "0 a"));
  EXPECT_THAT(TextsOf(call), ElementsAre("a", "b"));
  EXPECT_EQ(call.result->model_id, "reference@1");
  EXPECT_EQ(call.result->usage.prompt_token_count, 11);
  EXPECT_THAT(call.result->prefix_text_token_ids, ElementsAre(8));
  EXPECT_EQ(question, "How many?");
}

TEST(CandidateStream, AnOlderReplicaIsAskedForAllAtOnce) {
  const Replica replica(nullptr);
  const Call call({&replica});
  EXPECT_THAT(TextsOf(call), ElementsAre("old 0", "old 1"));
  EXPECT_THAT(call.heard, IsEmpty());
}

TEST(CandidateStream, AStreamThatBreaksIsAskedForAgainAndNothingIsHeardTwice) {
  int streams = 0;
  const Replica replica(
      [&](const GenerateCandidatesRequest& request, Stream& stream) {
        if (++streams > 1) return SendBoth(request, stream);
        Send(stream, 1, "b");
        return absl::UnavailableError("gone");
      });
  const Call call({&replica});
  EXPECT_THAT(TextsOf(call), ElementsAre("a", "b"));
  EXPECT_THAT(call.heard, ElementsAre("1 b", "0 a"));
  EXPECT_EQ(streams, 2);
}

TEST(CandidateStream, AnErrorIsTheCallsError) {
  const Replica replica([](const GenerateCandidatesRequest&, Stream& stream) {
    Send(stream, 0, "a");
    return absl::InvalidArgumentError("question: is wrong");
  });
  const Call call({&replica});
  EXPECT_TRUE(absl::IsInvalidArgument(call.result.status()));
  EXPECT_EQ(call.result.status().message(), "question: is wrong");
}

TEST(CandidateStream, WhatDoesNotAddUpIsInternal) {
  const std::vector<Script> scripts = {// No last message.
                                       [](const auto&, Stream& stream) {
                                         Send(stream, 0, "a");
                                         Send(stream, 1, "b");
                                         return absl::OkStatus();
                                       },
                                       // One candidate, twice.
                                       [](const auto&, Stream& stream) {
                                         Send(stream, 0, "a");
                                         Send(stream, 0, "a");
                                         Finish(stream);
                                         return absl::OkStatus();
                                       },
                                       // An index out of range.
                                       [](const auto&, Stream& stream) {
                                         Send(stream, 2, "c");
                                         Finish(stream);
                                         return absl::OkStatus();
                                       },
                                       [](const auto&, Stream& stream) {
                                         Send(stream, -1, "c");
                                         Finish(stream);
                                         return absl::OkStatus();
                                       }};
  for (const Script& script : scripts) {
    const Replica replica(script);
    EXPECT_TRUE(absl::IsInternal(Call({&replica}).result.status()));
  }
}

}  // namespace
}  // namespace stagebeam::remote
