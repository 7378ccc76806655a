#include "services/judge/written_verdict.h"

#include <gtest/gtest.h>

namespace stagebeam::judge {
namespace {

std::optional<int> Find(std::string_view text) {
  return FindVerdict(text, "I choose response {choice}", {"1", "2"});
}

TEST(WrittenVerdict, NamesAChoice) {
  EXPECT_EQ(Find("Since it counts right, I choose response 1."), 0);
  EXPECT_EQ(Find("Since it counts right, I choose response 2"), 1);
}

TEST(WrittenVerdict, TheLastWordCounts) {
  EXPECT_EQ(Find("I choose response 1. No: I choose response 2."), 1);
  EXPECT_EQ(Find("I choose response 2. No: I choose response 1."), 0);
}

TEST(WrittenVerdict, CaseOfLettersDoesNotMatter) {
  EXPECT_EQ(Find("i CHOOSE Response 2!"), 1);
}

TEST(WrittenVerdict, AChoiceIsAWholeWord) {
  EXPECT_EQ(Find("I choose response 12"), std::nullopt);
  EXPECT_EQ(Find("I choose response 1 of 12"), 0);
  EXPECT_EQ(Find("I choose response 2, not I choose response 11"), 1);
}

TEST(WrittenVerdict, AnythingElseNamesNone) {
  EXPECT_EQ(Find(""), std::nullopt);
  EXPECT_EQ(Find("Response 1 is better."), std::nullopt);
  EXPECT_EQ(Find("I choose response 3."), std::nullopt);
  EXPECT_EQ(Find("I choose response"), std::nullopt);
}

TEST(WrittenVerdict, TheWordingMayGoOnBehindTheChoice) {
  const auto find = [](std::string_view text) {
    return FindVerdict(text, "[{choice}] wins", {"A", "B"});
  };
  EXPECT_EQ(find("So [b] wins."), 1);
  EXPECT_EQ(find("So [b]."), std::nullopt);
}

}  // namespace
}  // namespace stagebeam::judge
