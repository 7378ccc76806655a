#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "libs/tokens/stop_matcher.h"
#include "libs/tokens/utf8.h"

namespace stagebeam::tokens {
namespace {

// The text up to where the first sentence ends; nothing where it does not.
std::optional<std::string> First(const std::string& text) {
  SentenceMatcher matcher;
  std::string seen;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view after = rest;
    TakeCodePoint(&after);
    const std::string_view character =
        rest.substr(0, rest.size() - after.size());
    seen += character;
    if (matcher.Push(character)) return seen;
    rest = after;
  }
  return std::nullopt;
}

TEST(SentenceMatcher, EndsAtAMarkFollowedByABlank) {
  EXPECT_EQ(First("Two dogs. Three cats."), "Two dogs. ");
  EXPECT_EQ(First("Really? Yes"), "Really? ");
  EXPECT_EQ(First("Well... yes"), "Well... ");
}

TEST(SentenceMatcher, AMarkAtTheEndMayGoOn) {
  EXPECT_EQ(First("It is 3."), std::nullopt);
  EXPECT_EQ(First("It is 3.5 m. Yes"), "It is 3.5 m. ");
}

TEST(SentenceMatcher, ClosersBelongToTheSentence) {
  EXPECT_EQ(First("He said \"no.\" Then"), "He said \"no.\" ");
  EXPECT_EQ(First("(So it is!) Then"), "(So it is!) ");
  EXPECT_EQ(First("\u201CNo.\u201D Then"), "\u201CNo.\u201D ");
}

TEST(SentenceMatcher, ALineBreakAfterTextEndsASentence) {
  EXPECT_EQ(First("no mark\nnext"), "no mark\n");
  EXPECT_EQ(First("\n\n  First\n"), "\n\n  First\n");
}

TEST(SentenceMatcher, BlanksAndMarksAloneAreNoSentence) {
  EXPECT_EQ(First(" \n\n "), std::nullopt);
  EXPECT_EQ(First("... "), std::nullopt);
}

TEST(SentenceMatcher, FullWidthMarksNeedNoBlank) {
  EXPECT_EQ(First("\u4E8C\u3002\u4E09"), "\u4E8C\u3002");
}

TEST(SentenceMatcher, PiecesMayBeOfAnyLength) {
  SentenceMatcher matcher;
  EXPECT_FALSE(matcher.Push(""));
  EXPECT_FALSE(matcher.Push("One."));
  EXPECT_TRUE(matcher.Push(" Two"));
  EXPECT_TRUE(matcher.Push(""));
}

}  // namespace
}  // namespace stagebeam::tokens
