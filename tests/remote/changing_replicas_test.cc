// A replica set whose replicas come, go, drain and break while it is used.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "libs/remote/replica_set.h"
#include "libs/serving/status_conversion.h"
#include "tests/remote/counting_server.h"
#include "tests/remote/replica_listener.h"
#include "tests/serving/encoder_server.h"

namespace stagebeam::remote {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using inference::RequestContext;
using serving::EncoderServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A server that holds its calls until it is let go, and then drains.
class SlowServer {
 public:
  SlowServer()
      : server_(
            {.encode = [this](const RequestContext&, const EncodeImageRequest&,
                              EncodeImageResponse& response) {
              response.mutable_features()->set_key("slow");
              called_.Notify();
              go_on_.WaitForNotification();
              return absl::OkStatus();
            }}) {}
  ~SlowServer() {
    if (runner_.joinable()) runner_.join();
  }

  std::string address() const { return server_.address(); }
  void WaitUntilCalled() { called_.WaitForNotification(); }
  void GoOn() { go_on_.Notify(); }
  // Begins to drain.
  void Stop() {
    server_.server().RequestShutdown();
    runner_ = std::thread([this] { server_.server().Run(); });
  }

 private:
  absl::Notification called_;
  absl::Notification go_on_;
  EncoderServer server_;
  std::thread runner_;
};

class ChangingReplicas : public ::testing::Test {
 protected:
  ChangingReplicas()
      : path_(absl::StrCat(::testing::TempDir(), "/replicas.", getpid())) {}
  ~ChangingReplicas() override {
    set_.reset();
    std::remove(path_.c_str());
  }

  void List(const std::vector<std::string>& addresses) {
    const std::string draft = path_ + ".draft";
    std::ofstream(draft) << absl::StrJoin(addresses, "\n");
    std::rename(draft.c_str(), path_.c_str());
  }
  // A set of what the file lists.
  ReplicaSet& Open(ReplicaSetOptions options = Quick()) {
    options.refresh_interval = absl::Milliseconds(5);
    options.observer = &listener_;
    options.on_attempt = [this](const AttemptReport& report) {
      if (!report.status.ok()) ++failed_attempts_;
    };
    set_ = NewSet({absl::StrCat("file://", path_)}, std::move(options));
    return *set_;
  }
  std::string ServerOf(const std::string& session) {
    std::string server;
    const absl::Status status = Call(*set_, session, &server);
    EXPECT_TRUE(status.ok()) << status;
    return server;
  }

  const std::string path_;
  ReplicaListener listener_;
  std::atomic<int> failed_attempts_ = 0;
  std::unique_ptr<ReplicaSet> set_;
};

TEST_F(ChangingReplicas, ANewOneTakesNewSessionsAndLeavesTheOldOnesAlone) {
  CountingServer a("a"), b("b");
  List({a.address()});
  ReplicaSet& set = Open();
  const std::vector<std::string> both = {a.address(), b.address()};
  const std::string old_session = KeyThatPrefers(b.address(), both);
  EXPECT_EQ(ServerOf(old_session), "a");
  List(both);
  ASSERT_TRUE(listener_.AwaitCome(b.address()));
  EXPECT_EQ(set.addresses().size(), 2u);
  EXPECT_EQ(ServerOf(KeyThatPrefers(b.address(), both, "new")), "b");
  // Its prefix is on a, though its first choice is now b.
  EXPECT_EQ(ServerOf(old_session), "a");
  EXPECT_THAT(listener_.moves(), IsEmpty());
}

TEST_F(ChangingReplicas, OneThatGoesGetsNoMoreCallsAndFinishesItsOwn) {
  CountingServer a("a");
  SlowServer slow;
  const std::vector<std::string> both = {a.address(), slow.address()};
  List(both);
  Open();
  const std::string session = KeyThatPrefers(slow.address(), both);
  std::string server;
  std::thread caller([&] { server = ServerOf(session); });
  slow.WaitUntilCalled();
  List({a.address()});
  ASSERT_TRUE(listener_.AwaitGo(slow.address()));
  EXPECT_TRUE(listener_.AwaitCounts({.serving = 1, .leaving = 1}));
  EXPECT_EQ(ServerOf(KeyThatPrefers(slow.address(), both, "new")), "a");
  slow.GoOn();
  caller.join();
  EXPECT_EQ(server, "slow");
  EXPECT_TRUE(listener_.AwaitCounts({.serving = 1}));
  EXPECT_EQ(ServerOf(session), "a");
  EXPECT_THAT(listener_.moves(), ElementsAre(MoveReason::kGone));
  EXPECT_EQ(failed_attempts_, 0);
}

TEST_F(ChangingReplicas, OneThatDrainsIsNotAskedAtAll) {
  CountingServer a("a");
  SlowServer slow;
  const std::vector<std::string> both = {a.address(), slow.address()};
  List(both);
  Open();
  std::string server;
  std::thread caller(
      [&] { server = ServerOf(KeyThatPrefers(slow.address(), both)); });
  slow.WaitUntilCalled();
  slow.Stop();
  // It is still listed: its health says it.
  EXPECT_TRUE(listener_.AwaitCounts({.serving = 1, .unreachable = 1}));
  for (const char* salt : {"1", "2", "3"}) {
    EXPECT_EQ(ServerOf(KeyThatPrefers(slow.address(), both, salt)), "a");
  }
  EXPECT_EQ(failed_attempts_, 0);
  slow.GoOn();
  caller.join();
  EXPECT_EQ(server, "slow");
}

TEST_F(ChangingReplicas, OneThatIsNotReadyYetGetsNoCallsUntilItIs) {
  CountingServer a("a");
  EncoderServer loading({.serving = false});
  const std::vector<std::string> both = {a.address(), loading.address()};
  List(both);
  Open();
  ASSERT_TRUE(listener_.AwaitCounts({.serving = 1, .unreachable = 1}));
  EXPECT_EQ(ServerOf(KeyThatPrefers(loading.address(), both)), "a");
  loading.server().SetServing();
  EXPECT_TRUE(listener_.AwaitCounts({.serving = 2}));
  EXPECT_EQ(ServerOf(KeyThatPrefers(loading.address(), both, "new")), "");
}

TEST_F(ChangingReplicas, ASessionStaysWhereItHadToMoveTo) {
  CountingServer a("a", absl::UnavailableError("sick")), b("b");
  const std::vector<std::string> both = {a.address(), b.address()};
  List(both);
  ReplicaSetOptions options = Quick();
  options.first_cool_down = absl::Nanoseconds(1);
  Open(options);
  const std::string session = KeyThatPrefers(a.address(), both);
  EXPECT_EQ(ServerOf(session), "b");
  a.Heal();
  EXPECT_EQ(ServerOf(session), "b");
  EXPECT_EQ(ServerOf(KeyThatPrefers(a.address(), both, "new")), "a");
  // Nobody's prefix was lost.
  EXPECT_THAT(listener_.moves(), IsEmpty());
}

// A server that breaks in the given way after its first answer.
class Breaking {
 public:
  explicit Breaking(absl::Status later)
      : server_({.encode = [this, later](const RequestContext&,
                                         const EncodeImageRequest&,
                                         EncodeImageResponse& response) {
          response.mutable_features()->set_key("breaking");
          return calls_++ == 0 ? absl::OkStatus() : later;
        }}) {}
  std::string address() const { return server_.address(); }
  int calls() const { return calls_; }

 private:
  std::atomic<int> calls_ = 0;
  EncoderServer server_;
};

TEST_F(ChangingReplicas, ASessionMovesFromAReplicaThatIsFullOrFails) {
  const absl::Status full = serving::RetryAfter(
      absl::ResourceExhaustedError("full"), absl::Seconds(1));
  Breaking fills(full), fails(absl::UnavailableError("draining"));
  CountingServer a("a");
  for (Breaking* breaking : {&fills, &fails}) {
    const std::vector<std::string> both = {a.address(), breaking->address()};
    List(both);
    Open();
    const std::string session = KeyThatPrefers(breaking->address(), both);
    EXPECT_EQ(ServerOf(session), "breaking");
    EXPECT_EQ(ServerOf(session), "a");
    EXPECT_EQ(ServerOf(session), "a");
  }
  EXPECT_THAT(listener_.moves(),
              ElementsAre(MoveReason::kFull, MoveReason::kFailed));
}

TEST_F(ChangingReplicas, OneThatOnlyMakesErrorsIsLeftAlone) {
  CountingServer a("a");
  Breaking broken(absl::InternalError("no device"));
  const std::vector<std::string> both = {a.address(), broken.address()};
  List(both);
  ReplicaSetOptions options = Quick();
  options.now = absl::UnixEpoch;
  ReplicaSet& set = Open(options);
  const std::string session = KeyThatPrefers(broken.address(), both);
  EXPECT_EQ(ServerOf(session), "breaking");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Call(set, session).code(), absl::StatusCode::kInternal);
  }
  EXPECT_EQ(ServerOf(session), "a");
  EXPECT_TRUE(listener_.AwaitCounts({.serving = 1, .ejected = 1}));
  EXPECT_THAT(listener_.moves(), ElementsAre(MoveReason::kFailed));
}

TEST_F(ChangingReplicas, BeforeAnyIsKnownCallsSayWhyAndThenTheyWork) {
  CountingServer a("a");
  ReplicaSet& set = Open();
  const absl::Status status = Call(set, "session");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot read"));
  List({a.address()});
  ASSERT_TRUE(listener_.AwaitCome(a.address()));
  EXPECT_EQ(ServerOf("session"), "a");
  EXPECT_THAT(listener_.look_ups(), ElementsAre(absl::OkStatus()));
}

TEST_F(ChangingReplicas, ABusyHomeSendsACallElsewhere) {
  CountingServer a("a");
  SlowServer slow;
  const std::vector<std::string> both = {a.address(), slow.address()};
  List(both);
  ReplicaSetOptions options = Quick();
  options.always_allowed = 1;
  options.load_bound = 1;
  Open(options);
  const std::string session = KeyThatPrefers(slow.address(), both);
  std::thread caller([&] { EXPECT_EQ(ServerOf(session), "slow"); });
  slow.WaitUntilCalled();
  EXPECT_EQ(ServerOf(session), "a");
  slow.GoOn();
  caller.join();
}

}  // namespace
}  // namespace stagebeam::remote
