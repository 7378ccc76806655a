#include "libs/remote/session_memory.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace stagebeam::remote {
namespace {

TEST(SessionMemory, KnowsWhereASessionWasLast) {
  SessionMemory memory(10);
  EXPECT_EQ(memory.Find("s"), std::nullopt);
  memory.Remember("s", "a:1");
  EXPECT_EQ(memory.Find("s"), "a:1");
  memory.Remember("s", "b:1");
  EXPECT_EQ(memory.Find("s"), "b:1");
  EXPECT_EQ(memory.size(), 1u);
}

TEST(SessionMemory, ForgetsWhoWasNotAskedForLongest) {
  SessionMemory memory(3);
  for (const char* session : {"1", "2", "3"}) memory.Remember(session, "a:1");
  // A question and an answer are both a use.
  memory.Find("1");
  memory.Remember("2", "b:1");
  memory.Remember("4", "a:1");
  EXPECT_EQ(memory.Find("3"), std::nullopt);
  EXPECT_EQ(memory.Find("1"), "a:1");
  EXPECT_EQ(memory.Find("2"), "b:1");
  EXPECT_EQ(memory.Find("4"), "a:1");
}

TEST(SessionMemory, IsBounded) {
  SessionMemory memory(100);
  for (int i = 0; i < 1000; ++i) memory.Remember(std::to_string(i), "a:1");
  EXPECT_EQ(memory.size(), 100u);
  EXPECT_EQ(memory.Find("899"), std::nullopt);
  EXPECT_EQ(memory.Find("900"), "a:1");
}

TEST(SessionMemory, WithoutRoomRemembersNobody) {
  SessionMemory memory(0);
  memory.Remember("s", "a:1");
  EXPECT_EQ(memory.Find("s"), std::nullopt);
}

}  // namespace
}  // namespace stagebeam::remote
