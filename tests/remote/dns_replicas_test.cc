// Replicas found by name, through the system's resolver and a name server of
// the test's own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/remote/replica_set.h"
#include "tests/remote/counting_server.h"
#include "tests/remote/dns_server.h"
#include "tests/remote/private_network.h"
#include "tests/remote/replica_listener.h"
#include "tests/serving/encoder_server.h"

namespace stagebeam::remote {
namespace {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using inference::RequestContext;
using serving::EncoderServer;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kName[] = "generators.stagebeam.test";

// A pod: a server on port 50051 of an address of its own, which signs its
// answers with it.
std::unique_ptr<EncoderServer> NewPod(const std::string& address) {
  serving::ServerOptions options;
  options.listen = absl::StrCat(address, ":50051");
  options.metrics_listen = "";
  return std::make_unique<EncoderServer>(EncoderServer::Script{
      .encode =
          [address](const RequestContext&, const EncodeImageRequest&,
                    EncodeImageResponse& response) {
            response.mutable_features()->set_key(address);
            return absl::OkStatus();
          },
      .options = options,
      .keep_addresses = true});
}

class DnsReplicas : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string file =
        absl::StrCat(::testing::TempDir(), "/resolv.conf.", getpid());
    std::ofstream(file) << "nameserver 127.0.0.1\noptions timeout:1\n";
    entered_ = EnterPrivateNetwork(file);
    std::remove(file.c_str());
  }

  void SetUp() override {
    if (!entered_.ok()) {
      GTEST_SKIP() << "needs network namespaces: " << entered_;
    }
    dns_ = std::make_unique<DnsServer>();
  }

  void Open() {
    ReplicaSetOptions options = Quick();
    options.refresh_interval = absl::Milliseconds(10);
    options.observer = &listener_;
    set_ = NewSet({absl::StrCat("dns:///", kName, ":50051")}, options);
  }
  // The pods that answer some new sessions.
  std::set<std::string> Answering() {
    std::set<std::string> pods;
    for (int i = 0; i < 40; ++i) {
      std::string pod;
      const absl::Status status =
          Call(*set_, absl::StrCat("session-", ++sessions_), &pod);
      EXPECT_TRUE(status.ok()) << status;
      pods.insert(pod);
    }
    return pods;
  }

  static absl::Status entered_;
  std::unique_ptr<DnsServer> dns_;
  ReplicaListener listener_;
  std::unique_ptr<ReplicaSet> set_;
  int sessions_ = 0;
};

absl::Status DnsReplicas::entered_;

TEST_F(DnsReplicas, ComeAndGoWithTheirNamesAddresses) {
  const auto a = NewPod("127.0.0.1"), b = NewPod("127.0.0.2"),
             c = NewPod("127.0.0.3");
  dns_->Set(kName, {"127.0.0.1"});
  Open();
  EXPECT_THAT(Answering(), UnorderedElementsAre("127.0.0.1"));
  dns_->Set(kName, {"127.0.0.3", "127.0.0.1", "127.0.0.2"});
  ASSERT_TRUE(listener_.AwaitCounts({.serving = 3}));
  EXPECT_THAT(Answering(),
              UnorderedElementsAre("127.0.0.1", "127.0.0.2", "127.0.0.3"));
  dns_->Set(kName, {"127.0.0.2"});
  ASSERT_TRUE(listener_.AwaitGo("127.0.0.1:50051"));
  EXPECT_THAT(Answering(), UnorderedElementsAre("127.0.0.2"));
}

TEST_F(DnsReplicas, StayWhereTheNameServerFails) {
  const auto a = NewPod("127.0.0.1"), b = NewPod("127.0.0.2");
  dns_->Set(kName, {"127.0.0.1", "127.0.0.2"});
  Open();
  ASSERT_TRUE(listener_.AwaitCounts({.serving = 2}));
  dns_->SetFailing(true);
  ASSERT_TRUE(listener_.AwaitLookUps(1));
  EXPECT_THAT(Answering(), UnorderedElementsAre("127.0.0.1", "127.0.0.2"));
  dns_->SetFailing(false);
  ASSERT_TRUE(listener_.AwaitLookUps(2));
  // A Service without pods is a name that does not exist.
  dns_->Set(kName, {});
  ASSERT_TRUE(listener_.AwaitLookUps(3));
  EXPECT_THAT(Answering(), UnorderedElementsAre("127.0.0.1", "127.0.0.2"));
}

TEST_F(DnsReplicas, AreWaitedForWhereTheNameIsNotThereYet) {
  Open();
  const absl::Status status = Call(*set_, "session");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(kName));
  const auto a = NewPod("127.0.0.1");
  dns_->Set(kName, {"127.0.0.1"});
  ASSERT_TRUE(listener_.AwaitCounts({.serving = 1}));
  EXPECT_THAT(Answering(), Each("127.0.0.1"));
}

}  // namespace
}  // namespace stagebeam::remote
