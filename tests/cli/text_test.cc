#include "cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stagebeam::cli {
namespace {

using testing::ElementsAre;

TEST(OneLine, WhiteSpaceBecomesOneBlank) {
  EXPECT_EQ(OneLine("\n a\r\n\tb  c \n"), "a b c");
  EXPECT_EQ(OneLine(""), "");
}

TEST(OneLine, TerminalCommandsLoseTheirControlCharacters) {
  EXPECT_EQ(OneLine("a\x1b[31mb\x7f"), "a[31mb");
  EXPECT_EQ(OneLine("a\xc2\x9b"
                    "31mb"),
            "a31mb")
      << "the one-character form of ESC [";
  EXPECT_EQ(OneLine("caf\xc3\xa9 \xc2\xa7"), "caf\xc3\xa9 \xc2\xa7");
  EXPECT_EQ(OneLine("cut \xc2"), "cut \xc2");
}

TEST(Wrap, LinesBreakBetweenWords) {
  EXPECT_THAT(Wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("one two three", 100), ElementsAre("one two three"));
  EXPECT_THAT(Wrap("", 7), ElementsAre(""));
}

TEST(Wrap, ALongWordHasItsOwnLine) {
  EXPECT_THAT(Wrap("a bbbbbbbbbb c", 4), ElementsAre("a", "bbbbbbbbbb", "c"));
}

TEST(Wrap, CharactersCountNotBytes) {
  EXPECT_THAT(Wrap("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 5),
              ElementsAre("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9"));
}

TEST(WithoutTags, TheStagesOwnTagsGo) {
  EXPECT_EQ(
      WithoutTags("<CAPTION> a </CAPTION>", orchestrator::v1::STAGE_CAPTION),
      " a ");
  EXPECT_EQ(WithoutTags("no tags", orchestrator::v1::STAGE_CAPTION), "no tags");
}

}  // namespace
}  // namespace stagebeam::cli
