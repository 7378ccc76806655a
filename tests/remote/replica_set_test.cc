#include "libs/remote/replica_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "libs/serving/status_conversion.h"
#include "libs/tracing/trace_context.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"
#include "tests/remote/counting_server.h"
#include "tests/serving/child_process.h"
#include "tests/serving/encoder_server.h"
#include "tests/tracing/span_log.h"

namespace stagebeam::remote {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using inference::RequestContext;
using serving::EncoderServer;
using serving::ScriptedEncoder;
using ::testing::ElementsAre;

TEST(ReplicaSet, ASessionStaysOnItsReplica) {
  CountingServer a("a"), b("b"), c("c");
  const auto set = NewSet({a.address(), b.address(), c.address()});
  std::map<std::string, int> seen;
  for (int session = 0; session < 30; ++session) {
    const std::string key = absl::StrCat("session-", session);
    std::string first;
    ASSERT_TRUE(Call(*set, key, &first).ok());
    for (int i = 0; i < 3; ++i) {
      std::string again;
      ASSERT_TRUE(Call(*set, key, &again).ok());
      EXPECT_EQ(again, first);
    }
    ++seen[first];
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST(ReplicaSet, AReplicaThatCannotBeReachedIsPassedBy) {
  CountingServer b("b");
  const std::vector<std::string> addresses = {DeadAddress(), b.address()};
  const auto set = NewSet(addresses);
  std::string server;
  EXPECT_TRUE(
      Call(*set, KeyThatPrefers(addresses[0], addresses), &server).ok());
  EXPECT_EQ(server, "b");
}

TEST(ReplicaSet, AServerKilledInMidCallCostsNothing) {
  serving::ChildProcess doomed(serving::BuiltProgram("remote_hanging_encoder"),
                               {});
  CountingServer b("b");
  const std::vector<std::string> addresses = {doomed.ReadLine(), b.address()};
  const auto set = NewSet(addresses);
  std::thread killer([&] {
    EXPECT_EQ(doomed.ReadLine(), "called");
    kill(doomed.pid(), SIGKILL);
  });
  std::string server;
  EXPECT_TRUE(
      Call(*set, KeyThatPrefers(addresses[0], addresses), &server).ok());
  EXPECT_EQ(server, "b");
  killer.join();
}

TEST(ReplicaSet, AServerThatDrainsOrBreaksTheCallOffIsPassedBy) {
  for (const absl::Status& status :
       {absl::UnavailableError("draining"), absl::CancelledError("ending")}) {
    CountingServer a("a", status), b("b");
    const std::vector<std::string> addresses = {a.address(), b.address()};
    const auto set = NewSet(addresses);
    std::string server;
    EXPECT_TRUE(
        Call(*set, KeyThatPrefers(a.address(), addresses), &server).ok());
    EXPECT_EQ(server, "b") << status;
    EXPECT_EQ(a.calls(), 1) << status;
  }
}

TEST(ReplicaSet, AttemptsAreBoundedAndTheLastErrorStands) {
  std::vector<std::string> attempts;
  ReplicaSetOptions options = Quick();
  options.max_attempts = 5;
  options.on_attempt = [&](const AttemptReport& report) {
    attempts.push_back(
        absl::StrCat(report.attempt, report.retried ? "+" : "."));
  };
  const absl::Status sick =
      serving::RetryAfter(absl::UnavailableError("sick"), absl::Seconds(1));
  CountingServer a("a", sick), b("b", sick);
  const auto set = NewSet({a.address(), b.address()}, options);
  EXPECT_EQ(Call(*set, "k"), sick);
  EXPECT_EQ(a.calls() + b.calls(), 5);
  EXPECT_EQ(std::abs(a.calls() - b.calls()), 1);
  EXPECT_THAT(attempts, ElementsAre("1+", "2+", "3+", "4+", "5."));
}

TEST(ReplicaSet, WhereNoReplicaIsReachedTheErrorCountsTheAttempts) {
  ReplicaSetOptions options = Quick();
  options.max_attempts = 3;
  const auto set = NewSet({DeadAddress()}, options);
  EXPECT_EQ(Call(*set, "k"),
            absl::UnavailableError("no replica answered; attempts: 3"));
}

TEST(ReplicaSet, AnErrorOfTheRequestIsNotRetried) {
  const absl::Status given = serving::InvalidField("image", "is broken");
  CountingServer a("a", given), b("b", given);
  const auto set = NewSet({a.address(), b.address()});
  EXPECT_EQ(Call(*set, "k"), given);
  EXPECT_EQ(a.calls() + b.calls(), 1);
}

TEST(ReplicaSet, AFullReplicaSendsTheCallToAnotherOne) {
  const absl::Status full = serving::RetryAfter(
      absl::ResourceExhaustedError("full"), absl::Seconds(1));
  CountingServer a("a", full), b("b");
  const std::vector<std::string> addresses = {a.address(), b.address()};
  const auto set = NewSet(addresses);
  EXPECT_TRUE(Call(*set, KeyThatPrefers(a.address(), addresses)).ok());
  EXPECT_EQ(a.calls(), 1);
  EXPECT_EQ(b.calls(), 1);
  // Full is not sick: other sessions still ask it first.
  EXPECT_TRUE(Call(*set, KeyThatPrefers(a.address(), addresses, "x")).ok());
  EXPECT_EQ(a.calls(), 2);
}

TEST(ReplicaSet, WhereAllAreFullTheCallerHearsWhenToComeBack) {
  const absl::Status full = serving::RetryAfter(
      absl::ResourceExhaustedError("full"), absl::Seconds(1));
  CountingServer a("a", full), b("b", full);
  const auto set = NewSet({a.address(), b.address()});
  const absl::Status status = Call(*set, "k");
  EXPECT_EQ(status, full);
  EXPECT_EQ(serving::RetryDelay(status), absl::Seconds(1));
  EXPECT_EQ(a.calls(), 1);
  EXPECT_EQ(b.calls(), 1);
}

TEST(ReplicaSet, ExhaustionThatWaitingDoesNotCureIsNotRetried) {
  CountingServer a("a", absl::ResourceExhaustedError("too large")),
      b("b", absl::ResourceExhaustedError("too large"));
  const auto set = NewSet({a.address(), b.address()});
  EXPECT_EQ(Call(*set, "k"), absl::ResourceExhaustedError("too large"));
  EXPECT_EQ(a.calls() + b.calls(), 1);
}

TEST(ReplicaSet, AFailingReplicaIsLeftAloneForItsCoolDown) {
  absl::Time now = absl::UnixEpoch();
  ReplicaSetOptions options = Quick();
  options.first_cool_down = absl::Seconds(10);
  options.longest_cool_down = absl::Seconds(60);
  options.now = [&now] { return now; };
  // Else the session would stay where it was answered.
  options.remembered_sessions = 0;
  CountingServer a("a", absl::UnavailableError("sick")), b("b");
  const std::vector<std::string> addresses = {a.address(), b.address()};
  const auto set = NewSet(addresses, options);
  const std::string key = KeyThatPrefers(a.address(), addresses);
  EXPECT_TRUE(Call(*set, key).ok());
  EXPECT_EQ(a.calls(), 1);
  now += absl::Seconds(9);
  EXPECT_TRUE(Call(*set, key).ok());
  EXPECT_EQ(a.calls(), 1) << "asked within its cool-down";
  now += absl::Seconds(1);
  EXPECT_TRUE(Call(*set, key).ok());
  EXPECT_EQ(a.calls(), 2) << "not asked after its cool-down";
  now += absl::Seconds(19);
  EXPECT_TRUE(Call(*set, key).ok());
  EXPECT_EQ(a.calls(), 2) << "the second cool-down is twice as long";
  a.Heal();
  now += absl::Seconds(1);
  std::string server;
  EXPECT_TRUE(Call(*set, key, &server).ok());
  EXPECT_EQ(server, "a");
}

TEST(ReplicaSet, ACoolingReplicaIsStillTheLastResort) {
  absl::Time now = absl::UnixEpoch();
  ReplicaSetOptions options = Quick();
  options.max_attempts = 1;
  options.now = [&now] { return now; };
  CountingServer a("a", absl::UnavailableError("sick"));
  const auto set = NewSet({a.address()}, options);
  EXPECT_FALSE(Call(*set, "k").ok());
  a.Heal();
  EXPECT_TRUE(Call(*set, "k").ok());
}

TEST(ReplicaSet, TheRetryBudgetEndsRetries) {
  ReplicaSetOptions options = Quick();
  options.max_attempts = 10;
  options.retry_budget = 3;
  options.retry_tokens_per_success = 0;
  CountingServer a("a", absl::UnavailableError("sick"));
  const auto set = NewSet({a.address()}, options);
  EXPECT_FALSE(Call(*set, "k").ok());
  EXPECT_EQ(a.calls(), 4);
  EXPECT_FALSE(Call(*set, "k").ok());
  EXPECT_EQ(a.calls(), 5);
}

TEST(ReplicaSet, ARestartedServerIsInUseAtOnce) {
  auto server = std::make_unique<CountingServer>("before");
  serving::ServerOptions options;
  options.listen = server->address();
  options.metrics_listen = "";
  ReplicaSetOptions patient = Quick();
  patient.max_attempts = 50;
  patient.first_backoff = absl::Milliseconds(100);
  patient.now = absl::UnixEpoch;
  std::unique_ptr<EncoderServer> after;
  // The server comes back while the call is looking for it.
  patient.on_attempt = [&](const AttemptReport& report) {
    if (report.status.ok() || after != nullptr) return;
    after = std::make_unique<EncoderServer>(
        EncoderServer::Script{.options = options, .keep_addresses = true});
  };
  const auto set = NewSet({server->address()}, patient);
  EXPECT_TRUE(Call(*set, "k").ok());
  server.reset();
  EXPECT_TRUE(Call(*set, "k").ok());
  EXPECT_NE(after, nullptr);
}

// A server whose handler waits until its caller has gone.
class PatientServer {
 public:
  PatientServer()
      : server_(
            {.encode = [this](const RequestContext& context,
                              const EncodeImageRequest&, EncodeImageResponse&) {
              const std::stop_callback notify(context.cancellation,
                                              [this] { cancelled_.Notify(); });
              called_.Notify();
              cancelled_.WaitForNotification();
              return absl::CancelledError("gone");
            }}) {}

  std::string address() const { return server_.address(); }
  void WaitUntilCalled() { called_.WaitForNotification(); }
  void WaitUntilCancelled() { cancelled_.WaitForNotification(); }

 private:
  absl::Notification called_;
  absl::Notification cancelled_;
  EncoderServer server_;
};

TEST(ReplicaSet, TheDeadlineTravelsAndEndsTheCall) {
  PatientServer server;
  const auto set = NewSet({server.address()});
  RequestContext context;
  context.deadline = absl::Now() + absl::Seconds(2);
  EXPECT_EQ(Call(*set, "k", nullptr, context).code(),
            absl::StatusCode::kDeadlineExceeded);
  server.WaitUntilCancelled();
}

TEST(ReplicaSet, CancellationReachesTheServer) {
  PatientServer server;
  const auto set = NewSet({server.address()});
  std::stop_source stop;
  RequestContext context;
  context.cancellation = stop.get_token();
  std::thread canceller([&] {
    server.WaitUntilCalled();
    stop.request_stop();
  });
  EXPECT_EQ(Call(*set, "k", nullptr, context).code(),
            absl::StatusCode::kCancelled);
  server.WaitUntilCancelled();
  canceller.join();
}

TEST(ReplicaSet, ACallThatIsOverBeforeItStartsAsksNobody) {
  CountingServer a("a");
  const auto set = NewSet({a.address()});
  std::stop_source stop;
  stop.request_stop();
  RequestContext cancelled;
  cancelled.cancellation = stop.get_token();
  EXPECT_EQ(Call(*set, "k", nullptr, cancelled).code(),
            absl::StatusCode::kCancelled);
  RequestContext late;
  late.deadline = absl::Now() - absl::Seconds(1);
  EXPECT_EQ(Call(*set, "k", nullptr, late).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(a.calls(), 0);
}

TEST(ReplicaSet, CancellationEndsThePauseBetweenAttempts) {
  std::stop_source stop;
  ReplicaSetOptions options;
  options.first_backoff = absl::Hours(1);
  options.on_attempt = [&](const AttemptReport&) { stop.request_stop(); };
  CountingServer a("a", absl::UnavailableError("sick"));
  const auto set = NewSet({a.address()}, options);
  RequestContext context;
  context.cancellation = stop.get_token();
  EXPECT_EQ(Call(*set, "k", nullptr, context).code(),
            absl::StatusCode::kCancelled);
}

TEST(ReplicaSet, TraceAndRequestIdTravel) {
  RequestContext seen;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        seen = context;
        return absl::OkStatus();
      }});
  const auto set = NewSet({server.address()});
  RequestContext context;
  context.traceparent =
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  context.request_id = "r-17";
  EXPECT_TRUE(Call(*set, "k", nullptr, context).ok());
  const auto span = tracing::ParseTraceparent(seen.traceparent);
  ASSERT_TRUE(span.has_value());
  EXPECT_EQ(span->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(seen.request_id, "r-17");
}

TEST(ReplicaSet, EveryAttemptIsASpanAroundItsRpc) {
  stagebeam::testing::SpanLog log;
  const tracing::Tracer tracer(log, 1);
  RequestContext seen;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        seen = context;
        return absl::OkStatus();
      }});
  CountingServer draining("draining", absl::UnavailableError("draining"));
  const std::vector<std::string> addresses = {draining.address(),
                                              server.address()};
  ReplicaSetOptions options = Quick();
  options.tracer = tracer;
  const auto set = NewSet(addresses, options);
  tracing::Span call = tracer.Serve("call", "");
  RequestContext context;
  context.traceparent = call.traceparent();
  EXPECT_TRUE(
      Call(*set, KeyThatPrefers(addresses[0], addresses), nullptr, context)
          .ok());
  call.End();
  const auto attempts = log.Named("attempt");
  ASSERT_EQ(attempts.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(attempts[i].kind, tracing::SpanKind::kClient);
    EXPECT_EQ(attempts[i].parent_span_id,
              log.Named("call").at(0).context.span_id);
    EXPECT_EQ(stagebeam::testing::AttributeOf<std::string>(attempts[i],
                                                           "server.address"),
              addresses[i]);
    EXPECT_EQ(stagebeam::testing::AttributeOf<int64_t>(attempts[i],
                                                       "stagebeam.attempt"),
              i + 1);
  }
  EXPECT_TRUE(absl::IsUnavailable(attempts[0].status));
  EXPECT_TRUE(attempts[1].status.ok());
  EXPECT_EQ(tracing::ParseTraceparent(seen.traceparent)->trace_id,
            attempts[1].context.trace_id);
}

TEST(ReplicaSet, ARequestIdThatCannotTravelStaysBehind) {
  RequestContext seen;
  EncoderServer server(
      {.encode = [&](const RequestContext& context, const EncodeImageRequest&,
                     EncodeImageResponse&) {
        seen = context;
        return absl::OkStatus();
      }});
  const auto set = NewSet({server.address()});
  for (const std::string& id : {std::string("line\nend"), std::string("ümlaut"),
                                std::string(1, '\0'), std::string(129, 'x')}) {
    RequestContext context;
    context.request_id = id;
    context.traceparent = id;
    EXPECT_TRUE(Call(*set, "k", nullptr, context).ok());
    EXPECT_EQ(seen.request_id, "");
  }
}

TEST(ReplicaSet, TheTokenTravels) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "remote_tokens.", getpid());
  std::ofstream(path) << "sesame\n";
  serving::ServerOptions options;
  options.auth_tokens_file = path;
  CountingServer server("a", absl::OkStatus(), options);
  unlink(path.c_str());
  EXPECT_EQ(Call(*NewSet({server.address()}), "k").code(),
            absl::StatusCode::kUnauthenticated);
  ReplicaSetOptions with_token = Quick();
  with_token.channel.auth_token = "sesame";
  EXPECT_TRUE(Call(*NewSet({server.address()}, with_token), "k").ok());
}

TEST(ReplicaSet, BadAddressesAndFilesAreNamed) {
  EXPECT_EQ(ReplicaSet::Create("nonsense").status().code(),
            absl::StatusCode::kInvalidArgument);
  ReplicaSetOptions odd_token;
  odd_token.channel.auth_token = "two words";
  EXPECT_EQ(ReplicaSet::Create("a:1", odd_token).status().code(),
            absl::StatusCode::kInvalidArgument);
  ReplicaSetOptions options;
  options.channel.tls_ca = "/no/ca.pem";
  EXPECT_EQ(ReplicaSet::Create("a:1", options).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(ReplicaSet, ManyCallsAtOnceShareIt) {
  CountingServer a("a", absl::UnavailableError("sick")), b("b"), c("c");
  ReplicaSetOptions options = Quick();
  options.retry_budget = 1000;
  const auto set = NewSet({a.address(), b.address(), c.address()}, options);
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      for (int k = 0; k < 25; ++k) {
        succeeded += Call(*set, absl::StrCat(i, "-", k)).ok();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(succeeded, 200);
}

}  // namespace
}  // namespace stagebeam::remote
