#include "services/orchestrator/request_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace stagebeam::orchestrator {
namespace {

v1::ReasonRequest Request(const std::string& id,
                          const std::string& question = "What?") {
  v1::ReasonRequest request;
  request.set_request_id(id);
  request.set_image("picture");
  request.set_question(question);
  return request;
}

v1::ReasonResponse Says(const std::string& answer) {
  v1::ReasonResponse response;
  response.set_answer(answer);
  return response;
}

const inference::RequestContext kContext;

// The answer of `request`, which must have one; `solve` may run.
std::string Ask(RequestLedger& ledger, const v1::ReasonRequest& request,
                const RequestLedger::Solve& solve) {
  auto response = ledger.Answer(kContext, request, solve);
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? (*response)->answer() : "";
}

TEST(RequestLedger, RemembersTheFirstAnswer) {
  RequestLedger ledger({});
  EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("one"); }), "one");
  EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("two"); }), "one");
  EXPECT_EQ(Ask(ledger, Request("b"), [] { return Says("three"); }), "three");
}

TEST(RequestLedger, RefusesAnIdThatStandsForAnotherRequest) {
  RequestLedger ledger({});
  Ask(ledger, Request("a"), [] { return Says("one"); });
  const auto response = ledger.Answer(kContext, Request("a", "Else?"),
                                      [] { return Says("two"); });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(response.status().message(),
            "request_id: was given to another request before");
}

TEST(RequestLedger, SolvesOnceForAllThatAskMeanwhile) {
  RequestLedger ledger({});
  std::atomic<int> solved = 0;
  std::atomic<int> asked = 0;
  absl::Notification all_asked;
  std::vector<std::string> answers(16);
  {
    std::vector<std::jthread> callers;
    for (std::string& answer : answers) {
      callers.emplace_back([&] {
        if (++asked == 16) all_asked.Notify();
        answer = Ask(ledger, Request("a"), [&] {
          all_asked.WaitForNotification();
          return Says("answer " + std::to_string(++solved));
        });
      });
    }
  }
  EXPECT_EQ(solved, 1);
  EXPECT_THAT(answers, testing::Each("answer 1"));
}

TEST(RequestLedger, RemembersNoError) {
  RequestLedger ledger({});
  const auto failed = ledger.Answer(
      kContext, Request("a"), []() -> absl::StatusOr<v1::ReasonResponse> {
        return absl::UnavailableError("no worker");
      });
  EXPECT_TRUE(absl::IsUnavailable(failed.status()));
  EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("now"); }), "now");
  // Nor does a failed request keep its id for itself.
  EXPECT_EQ(Ask(ledger, Request("b", "x"), [] { return Says("b"); }), "b");
}

TEST(RequestLedger, AWaitingCallTakesOverWhereTheFirstCallerLeaves) {
  RequestLedger ledger({});
  absl::Notification leads;
  absl::Notification leave;
  std::jthread first([&] {
    const auto response = ledger.Answer(
        kContext, Request("a"), [&]() -> absl::StatusOr<v1::ReasonResponse> {
          leads.Notify();
          leave.WaitForNotification();
          return absl::CancelledError("gone");
        });
    EXPECT_TRUE(absl::IsCancelled(response.status()));
  });
  leads.WaitForNotification();
  std::jthread second([&] {
    EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("mine"); }), "mine");
  });
  leave.Notify();
}

TEST(RequestLedger, AWaitingCallLeavesWhenItsOwnCallerDoes) {
  RequestLedger ledger({});
  absl::Notification leads;
  absl::Notification finish;
  std::jthread first([&] {
    Ask(ledger, Request("a"), [&] {
      leads.Notify();
      finish.WaitForNotification();
      return Says("one");
    });
  });
  leads.WaitForNotification();
  inference::RequestContext late;
  late.deadline = absl::InfinitePast();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ledger.Answer(late, Request("a"), [] { return Says("x"); }).status()));
  std::stop_source stop;
  inference::RequestContext gone;
  gone.cancellation = stop.get_token();
  std::jthread canceller([&] { stop.request_stop(); });
  EXPECT_TRUE(absl::IsCancelled(
      ledger.Answer(gone, Request("a"), [] { return Says("x"); }).status()));
  finish.Notify();
}

TEST(RequestLedger, ForgetsTheOldestAnswersFirst) {
  RequestLedger ledger({2, 1 << 20});
  for (const char* id : {"a", "b", "c"}) {
    Ask(ledger, Request(id), [] { return Says("old"); });
  }
  EXPECT_EQ(Ask(ledger, Request("b"), [] { return Says("new"); }), "old");
  EXPECT_EQ(Ask(ledger, Request("c"), [] { return Says("new"); }), "old");
  EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("new"); }), "new");
}

TEST(RequestLedger, ForgetsWhatIsOverItsBytes) {
  RequestLedger ledger({100, 50});
  Ask(ledger, Request("a"), [] { return Says(std::string(40, 'x')); });
  Ask(ledger, Request("b"), [] { return Says(std::string(40, 'y')); });
  EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("new"); }), "new");
  EXPECT_EQ(
      Ask(ledger, Request("c"), [] { return Says(std::string(99, 'z')); }),
      std::string(99, 'z'));
  EXPECT_EQ(Ask(ledger, Request("c"), [] { return Says("new"); }), "new");
}

TEST(RequestLedger, AnExceptionLeavesNobodyWaiting) {
  RequestLedger ledger({});
  EXPECT_THROW(ledger
                   .Answer(kContext, Request("a"),
                           []() -> absl::StatusOr<v1::ReasonResponse> {
                             throw std::runtime_error("thrown");
                           })
                   .IgnoreError(),
               std::runtime_error);
  EXPECT_EQ(Ask(ledger, Request("a"), [] { return Says("now"); }), "now");
}

}  // namespace
}  // namespace stagebeam::orchestrator
