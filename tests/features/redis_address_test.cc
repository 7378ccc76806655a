#include "libs/features/redis_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace stagebeam::features {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RedisAddress Parsed(const std::string& text) {
  const auto address = ParseRedisAddress(text);
  EXPECT_TRUE(address.ok()) << text << ": " << address.status();
  return address.value_or(RedisAddress{});
}

TEST(RedisAddress, HostAndPort) {
  EXPECT_EQ(Parsed("cache:7000"),
            (RedisAddress{.host = "cache", .port = 7000}));
  EXPECT_EQ(Parsed("cache"), (RedisAddress{.host = "cache", .port = 6379}));
  EXPECT_EQ(Parsed("[::1]:7000"), (RedisAddress{.host = "::1", .port = 7000}));
}

TEST(RedisAddress, Url) {
  EXPECT_EQ(Parsed("redis://cache"), (RedisAddress{.host = "cache"}));
  EXPECT_EQ(Parsed("redis://cache:7000/3"),
            (RedisAddress{.host = "cache", .port = 7000, .database = 3}));
  EXPECT_EQ(Parsed("redis://:p%40ss@cache"),
            (RedisAddress{.host = "cache", .password = "p@ss"}));
  EXPECT_EQ(Parsed("redis://me:a:b@[fe80::1]:1/2"),
            (RedisAddress{.host = "fe80::1",
                          .port = 1,
                          .user = "me",
                          .password = "a:b",
                          .database = 2}));
}

TEST(RedisAddress, UnixSocket) {
  EXPECT_EQ(Parsed("/run/redis.sock"),
            (RedisAddress{.unix_path = "/run/redis.sock"}));
  EXPECT_EQ(Parsed("unix:/run/redis.sock"),
            (RedisAddress{.unix_path = "/run/redis.sock"}));
}

TEST(RedisAddress, UnreadableTextIsRefused) {
  for (const std::string text :
       {"", ":7000", "cache:", "cache:0", "cache:65536", "cache:-1", "cache:7x",
        "[::1", "[::1]7", "rediss://cache", "http://cache", "redis://",
        "redis://me@cache", "redis://:@cache", "redis://:%zz@cache",
        "redis://cache/x", "redis://cache/-1", "redis://:a%4@cache"}) {
    EXPECT_EQ(ParseRedisAddress(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_FALSE(ParseRedisAddress("/" + std::string(200, 'x')).ok());
}

TEST(RedisAddress, NeverShowsThePassword) {
  EXPECT_EQ(Parsed("redis://me:secret@cache/1").Name(), "cache:6379/1");
  EXPECT_THAT(
      ParseRedisAddress("redis://me:secret@cache:x").status().ToString(),
      Not(HasSubstr("secret")));
  EXPECT_EQ(Parsed("[::1]:7000").Name(), "[::1]:7000/0");
}

}  // namespace
}  // namespace stagebeam::features
