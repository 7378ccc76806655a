#include "libs/features/redis_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/features/store_status.h"
#include "tests/cluster/redis_server.h"
#include "tests/features/blobs.h"
#include "tests/features/odd_server.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::FreePort;
using ::stagebeam::testing::MakeBlob;
using ::stagebeam::testing::OddServer;
using ::stagebeam::testing::RedisServer;
using ::testing::HasSubstr;

const absl::Time kWhenever = absl::InfiniteFuture();

// Long enough for any server that answers, on any machine; for servers that do
// not, tests choose a short one.
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kImpatience = absl::Milliseconds(50);

std::shared_ptr<RedisClient> Client(const std::string& address,
                                    absl::Duration timeout = kPatience) {
  return std::make_shared<RedisClient>(
      *ParseRedisAddress(address),
      RedisClient::Options{.operation_timeout = timeout});
}

RedisStore Store(const std::string& address,
                 absl::Duration timeout = kPatience) {
  return RedisStore(Client(address, timeout), {});
}

absl::StatusCode GetCode(RedisStore& store) {
  return store.Get("k", kWhenever).status().code();
}

class RealRedis : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(server_.Start()); }

  // Runs a command as somebody else would; its reply must be no error.
  RedisReply Run(const std::vector<std::string_view>& command) {
    auto reply = client_->Run(command, kWhenever);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *std::move(reply) : RedisReply{};
  }
  bool Exists() { return Run({"EXISTS", kRedisKey}).integer == 1; }

  static constexpr std::string_view kRedisKey = "stagebeam:features:k";
  RedisServer server_;
  std::shared_ptr<RedisClient> client_ = Client(server_.address());
  RedisStore store_{client_,
                    RedisStore::Options{.time_to_live = absl::Hours(1)}};
};

TEST_F(RealRedis, GivesBackWhatItGot) {
  const auto blob = MakeBlob(1000);
  ASSERT_TRUE(store_.Put("k", blob, kWhenever).ok());
  const auto got = store_.Get("k", kWhenever);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)->bytes(), blob->bytes());
  EXPECT_EQ(store_.Get("other", kWhenever).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(RealRedis, CarriesLargeBlobs) {
  const auto blob = MakeBlob(16 << 20);
  ASSERT_TRUE(store_.Put("k", blob, kWhenever).ok());
  const auto got = store_.Get("k", kWhenever);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)->bytes(), blob->bytes());
}

TEST_F(RealRedis, ForgetsABlobAfterItsTime) {
  ASSERT_TRUE(store_.Put("k", MakeBlob(16), kWhenever).ok());
  const int64_t milliseconds = Run({"PTTL", kRedisKey}).integer;
  EXPECT_GT(milliseconds, 0);
  EXPECT_LE(milliseconds, 3'600'000);
}

TEST_F(RealRedis, DeletesGarbage) {
  Run({"SET", kRedisKey, "not a blob"});
  EXPECT_TRUE(WasCorrupt(store_.Get("k", kWhenever).status()));
  EXPECT_FALSE(Exists());
}

TEST_F(RealRedis, DeletesATruncatedBlob) {
  const std::string bytes = MakeBlob(1000)->bytes();
  Run({"SET", kRedisKey, std::string_view(bytes).substr(0, bytes.size() - 1)});
  EXPECT_TRUE(WasCorrupt(store_.Get("k", kWhenever).status()));
  EXPECT_FALSE(Exists());
}

TEST_F(RealRedis, DeletesAValueOfAnotherType) {
  Run({"LPUSH", kRedisKey, "x"});
  const absl::Status status = store_.Get("k", kWhenever).status();
  EXPECT_TRUE(WasCorrupt(status)) << status;
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_FALSE(Exists());
}

TEST_F(RealRedis, AFullServerRefusesAndStillServes) {
  ASSERT_TRUE(store_.Put("k", MakeBlob(1000), kWhenever).ok());
  Run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  Run({"CONFIG", "SET", "maxmemory", "1"});
  const absl::Status status = store_.Put("more", MakeBlob(1000), kWhenever);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(store_.Get("k", kWhenever).ok());
}

TEST_F(RealRedis, AReplicaThatIsReadOnlyRefuses) {
  Run({"REPLICAOF", "127.0.0.1", absl::StrCat(FreePort())});
  const absl::Status status = store_.Put("k", MakeBlob(16), kWhenever);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(RealRedis, TooLargeABlobIsNotSent) {
  RedisStore small(client_, {.max_blob_bytes = 100});
  EXPECT_TRUE(
      absl::IsResourceExhausted(small.Put("k", MakeBlob(1000), kWhenever)));
  EXPECT_FALSE(Exists());
}

TEST_F(RealRedis, TooLargeAValueIsNotReceived) {
  const std::string large(1 << 20, 'x');
  Run({"SET", kRedisKey, large});
  RedisStore small(std::make_shared<RedisClient>(
                       *ParseRedisAddress(server_.address()),
                       RedisClient::Options{.max_reply_bytes = 1000}),
                   {});
  EXPECT_EQ(GetCode(small), absl::StatusCode::kResourceExhausted);
}

TEST_F(RealRedis, ARestartCostsOnlyWhatItHeld) {
  ASSERT_TRUE(store_.Put("k", MakeBlob(16), kWhenever).ok());
  server_.Kill();
  EXPECT_EQ(GetCode(store_), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::IsUnavailable(store_.Put("k", MakeBlob(16), kWhenever)));
  ASSERT_NO_FATAL_FAILURE(server_.Start());
  EXPECT_EQ(GetCode(store_), absl::StatusCode::kNotFound);
  ASSERT_TRUE(store_.Put("k", MakeBlob(16), kWhenever).ok());
  EXPECT_EQ(GetCode(store_), absl::StatusCode::kOk);
}

TEST_F(RealRedis, ARestartBetweenCallsIsNotNoticed) {
  ASSERT_TRUE(store_.Put("k", MakeBlob(16), kWhenever).ok());
  server_.Kill();
  ASSERT_NO_FATAL_FAILURE(server_.Start());
  EXPECT_TRUE(store_.Put("k", MakeBlob(16), kWhenever).ok());
}

TEST_F(RealRedis, AConnectionThatTheServerClosedIsReplaced) {
  ASSERT_TRUE(store_.Put("k", MakeBlob(16), kWhenever).ok());
  const auto other = Client(server_.address());
  const std::array<std::string_view, 6> kill = {"CLIENT", "KILL",   "TYPE",
                                                "normal", "SKIPME", "yes"};
  ASSERT_TRUE(other->Run(kill, kWhenever).ok());
  EXPECT_EQ(GetCode(store_), absl::StatusCode::kOk);
}

TEST_F(RealRedis, AFrozenServerCostsTheTimeoutAndTheConnection) {
  RedisStore impatient = Store(server_.address(), kImpatience);
  server_.Freeze();
  EXPECT_EQ(GetCode(impatient), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      impatient.Put("k", MakeBlob(16 << 20), kWhenever)));
  server_.Thaw();
  // Late replies to the calls above must not be taken for answers to these.
  ASSERT_TRUE(store_.Put("k", MakeBlob(160, 1), kWhenever).ok());
  const auto got = store_.Get("k", kWhenever);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ((*got)->bytes(), MakeBlob(160, 1)->bytes());
}

TEST_F(RealRedis, AnExpiredDeadlineIsAnErrorAtOnce) {
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(store_.Get("k", absl::InfinitePast()).status()));
}

TEST_F(RealRedis, ManyThreadsShareTheClient) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string key = absl::StrCat(t, ".", i);
        const auto blob = MakeBlob(10'000, 100 * t + i);
        ASSERT_TRUE(store_.Put(key, blob, kWhenever).ok());
        const auto got = store_.Get(key, kWhenever);
        ASSERT_TRUE(got.ok()) << got.status();
        ASSERT_EQ((*got)->bytes(), blob->bytes());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(RedisLogin, PasswordAndDatabaseComeFromTheUrl) {
  RedisServer server({"--requirepass", "p@ss"}, FreePort());
  ASSERT_NO_FATAL_FAILURE(server.Start());
  const std::string host = absl::StrCat("127.0.0.1:", server.port());
  RedisStore right = Store(absl::StrCat("redis://:p%40ss@", host, "/2"));
  RedisStore elsewhere =
      Store(absl::StrCat("redis://default:p%40ss@", host, "/3"));
  ASSERT_TRUE(right.Put("k", MakeBlob(16), kWhenever).ok());
  EXPECT_EQ(GetCode(right), absl::StatusCode::kOk);
  EXPECT_EQ(GetCode(elsewhere), absl::StatusCode::kNotFound);
  RedisStore none = Store(host),
             wrong = Store(absl::StrCat("redis://:wrong@", host));
  EXPECT_EQ(GetCode(none), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(GetCode(wrong), absl::StatusCode::kPermissionDenied);
  RedisStore far = Store(absl::StrCat("redis://:p%40ss@", host, "/999"));
  EXPECT_EQ(GetCode(far), absl::StatusCode::kInternal);
}

TEST(RedisLogin, LocalhostIsResolved) {
  RedisServer server({}, FreePort());
  ASSERT_NO_FATAL_FAILURE(server.Start());
  RedisStore store = Store(absl::StrCat("localhost:", server.port()));
  EXPECT_EQ(GetCode(store), absl::StatusCode::kNotFound);
}

TEST(DeadRedis, NobodyListens) {
  RedisStore port = Store(absl::StrCat("127.0.0.1:", FreePort()));
  EXPECT_EQ(GetCode(port), absl::StatusCode::kUnavailable);
  RedisStore path = Store("/nonexistent/redis.sock");
  EXPECT_EQ(GetCode(path), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::IsUnavailable(path.Put("k", MakeBlob(16), kWhenever)));
}

TEST(OddRedis, NeverAnswers) {
  OddServer server({});
  RedisStore store = Store(server.address(), kImpatience);
  EXPECT_EQ(GetCode(store), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(store.Put("k", MakeBlob(16 << 20), kWhenever)));
}

// A byte every 10 ms is progress for ever; only a bound on the whole ends it.
TEST(OddRedis, TricklesBytes) {
  OddServer server({.reply = "$1000000\r\n" + std::string(1'000'000, 'x'),
                    .piece = 1,
                    .pause_ms = 10});
  RedisStore store = Store(server.address(), kImpatience);
  EXPECT_EQ(GetCode(store), absl::StatusCode::kDeadlineExceeded);
}

TEST(OddRedis, NeverStopsTalking) {
  OddServer server({.reply = "$2000000000\r\n" + std::string(1 << 20, 'x'),
                    .endless = true});
  RedisStore store = Store(server.address());
  EXPECT_EQ(GetCode(store), absl::StatusCode::kResourceExhausted);
}

TEST(OddRedis, SpeaksAnotherProtocol) {
  OddServer server({.reply = "HTTP/1.1 400 Bad Request\r\n\r\n"});
  RedisStore store = Store(server.address());
  EXPECT_EQ(GetCode(store), absl::StatusCode::kInternal);
}

TEST(OddRedis, AnswersWithTheWrongKindOfReply) {
  for (const std::string reply : {":1\r\n", "*0\r\n", "+OK\r\n"}) {
    OddServer server({.reply = reply});
    RedisStore store = Store(server.address());
    EXPECT_EQ(GetCode(store), absl::StatusCode::kInternal) << reply;
  }
}

TEST(OddRedis, HangsUpInMidReply) {
  OddServer server({.reply = "$1000\r\nabc", .hang_up = true});
  RedisStore store = Store(server.address());
  EXPECT_EQ(GetCode(store), absl::StatusCode::kUnavailable);
}

TEST(OddRedis, IsStillLoading) {
  OddServer server(
      {.reply = "-LOADING Redis is loading the dataset in memory\r\n"});
  RedisStore store = Store(server.address());
  EXPECT_EQ(GetCode(store), absl::StatusCode::kUnavailable);
}

// A leftover byte after a reply would be read as the next command's answer.
TEST(OddRedis, SaysMoreThanItWasAsked) {
  OddServer server({.reply = "$-1\r\n$-1\r\n"});
  RedisStore store = Store(server.address());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(GetCode(store), absl::StatusCode::kNotFound);
  EXPECT_EQ(server.accepted_count(), 3);
}

TEST(RedisErrors, NameTheServer) {
  RedisStore store = Store("/nonexistent/redis.sock");
  EXPECT_THAT(std::string(store.Get("k", kWhenever).status().message()),
              HasSubstr("redis /nonexistent/redis.sock: connect"));
}

}  // namespace
}  // namespace stagebeam::features
