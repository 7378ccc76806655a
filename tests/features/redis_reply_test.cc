#include "libs/features/redis_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace stagebeam::features {
namespace {

// Feeds a stream byte by byte and expects exactly one reply at its end.
RedisReply Read(const std::string& stream) {
  RedisReplyReader reader;
  for (size_t i = 0; i < stream.size(); ++i) {
    EXPECT_TRUE(reader.Feed({&stream[i], 1}).ok());
    auto reply = reader.Next();
    if (!reply.ok()) ADD_FAILURE() << reply.status();
    if (!reply.ok() || !reply->has_value()) continue;
    EXPECT_EQ(i + 1, stream.size());
    return *std::move(*reply);
  }
  ADD_FAILURE() << "no reply";
  return {};
}

TEST(RedisReplyReader, ReadsStrings) {
  const std::string binary("a\0b", 3);
  const RedisReply reply = Read("$3\r\n" + binary + "\r\n");
  EXPECT_EQ(reply.type, RedisReply::Type::kString);
  EXPECT_EQ(reply.text, binary);
  EXPECT_EQ(Read("$0\r\n\r\n").type, RedisReply::Type::kString);
  EXPECT_EQ(Read("$-1\r\n").type, RedisReply::Type::kNil);
  EXPECT_EQ(Read("*-1\r\n").type, RedisReply::Type::kNil);
  EXPECT_EQ(Read("+OK\r\n").type, RedisReply::Type::kStatus);
  EXPECT_EQ(Read("+OK\r\n").text, "OK");
}

TEST(RedisReplyReader, ReadsIntegersAndErrors) {
  EXPECT_EQ(Read(":-7\r\n").integer, -7);
  EXPECT_EQ(Read("-OOM full\r\n").type, RedisReply::Type::kError);
  EXPECT_EQ(Read("-OOM full\r\n").text, "OOM full");
}

TEST(RedisReplyReader, ReadsNestedArrays) {
  const RedisReply reply = Read("*2\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n");
  ASSERT_EQ(reply.elements.size(), 2u);
  EXPECT_EQ(reply.elements[0]->integer, 1);
  ASSERT_EQ(reply.elements[1]->elements.size(), 2u);
  EXPECT_EQ(reply.elements[1]->elements[0]->text, "x");
}

TEST(RedisReplyReader, NonsenseIsAnError) {
  for (const std::string nonsense : {"HTTP/1.1 200 OK\r\n", "$x\r\n", ":\r\n",
                                     "*2\r\n:1\r\nnonsense\r\n", "$-7\r\n"}) {
    RedisReplyReader reader;
    ASSERT_TRUE(reader.Feed(nonsense).ok());
    EXPECT_EQ(reader.Next().status().code(), absl::StatusCode::kInternal)
        << nonsense;
  }
}

TEST(ErrorReply, MeansWhatItsFirstWordSays) {
  EXPECT_TRUE(
      absl::IsResourceExhausted(ErrorReplyStatus("OOM command not allowed")));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(ErrorReplyStatus("READONLY You can't write")));
  EXPECT_TRUE(
      absl::IsDataLoss(ErrorReplyStatus("WRONGTYPE Operation against a key")));
  EXPECT_TRUE(absl::IsPermissionDenied(
      ErrorReplyStatus("NOAUTH Authentication required.")));
  EXPECT_TRUE(
      absl::IsUnavailable(ErrorReplyStatus("LOADING Redis is loading")));
  EXPECT_TRUE(absl::IsInternal(ErrorReplyStatus("ERR unknown command")));
}

TEST(ErrorReply, IsShortAndPrintable) {
  const absl::Status status =
      ErrorReplyStatus("ERR \n" + std::string(100'000, 'x'));
  EXPECT_LE(status.message().size(), 300u);
  EXPECT_THAT(std::string(status.message()),
              ::testing::Not(::testing::HasSubstr("\n")));
}

}  // namespace
}  // namespace stagebeam::features
