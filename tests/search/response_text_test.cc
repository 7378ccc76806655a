#include "libs/search/response_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stagebeam::search {
namespace {

using testing::ElementsAre;
using testing::Optional;

constexpr char kResponse[] =
    "<SUMMARY> plan </SUMMARY>\n\n<CAPTION> a cat </CAPTION>\n\n"
    "<REASONING> one\ncat </REASONING>\n\n<CONCLUSION> 1 </CONCLUSION>";

TEST(TextOfStage, IsWhatStandsBetweenTheTags) {
  EXPECT_THAT(TextOfStage(kResponse, Stage::kReasoning),
              Optional(std::string("one\ncat")));
  EXPECT_THAT(TextOfStage("<SUMMARY></SUMMARY>", Stage::kSummary),
              Optional(std::string()));
}

TEST(TextOfStage, RunsToTheNextTagWhereItIsNotClosed) {
  EXPECT_THAT(TextOfStage("<SUMMARY> plan <CAPTION> cat", Stage::kSummary),
              Optional(std::string("plan")));
  EXPECT_THAT(TextOfStage("<SUMMARY> plan", Stage::kSummary),
              Optional(std::string("plan")));
}

TEST(TextOfStage, StartsAtTheLastTagWhereItIsNotOpened) {
  EXPECT_THAT(TextOfStage("</SUMMARY> a cat </CAPTION>", Stage::kCaption),
              Optional(std::string("a cat")));
  EXPECT_THAT(TextOfStage("a cat </CAPTION>", Stage::kCaption),
              Optional(std::string("a cat")));
}

TEST(TextOfStage, IsNoneWithoutTags) {
  EXPECT_EQ(TextOfStage("no tags < at > all </", Stage::kCaption),
            std::nullopt);
}

TEST(ChosenText, FallsBackToTheTextBeforeTheFirstTag) {
  EXPECT_EQ(ChosenText(" a cat <REASONING> x", Stage::kCaption), "a cat");
  EXPECT_EQ(ChosenText(" all of it ", Stage::kResponse), "all of it");
}

TEST(ParseStages, FindsAllFourInOrder) {
  std::vector<std::string> texts;
  for (const StageText& stage : ParseStages(kResponse))
    texts.push_back(stage.text);
  EXPECT_THAT(texts, ElementsAre("plan", "a cat", "one\ncat", "1"));
}

TEST(StageInProgress, FollowsTheTags) {
  EXPECT_EQ(StageInProgress(""), Stage::kSummary);
  EXPECT_EQ(StageInProgress("<SUMMARY> a."), Stage::kSummary);
  EXPECT_EQ(StageInProgress("<SUMMARY> a. </SUMMARY>"), Stage::kCaption);
  EXPECT_EQ(StageInProgress("<SUMMARY> a. </SUMMARY> <CAPTION> b."),
            Stage::kCaption);
  EXPECT_EQ(StageInProgress(kResponse), Stage::kConclusion);
}

TEST(CutAndClose, ClosesAnOpenStageBehindItsTokens) {
  const ClosedStage closed = CutAndClose("<CAPTION> a cat", Stage::kCaption);
  EXPECT_TRUE(closed.keeps_tokens);
  EXPECT_EQ(closed.appended, " </CAPTION>");
  EXPECT_EQ(CutAndClose("<CAPTION> a cat ", Stage::kCaption).appended,
            "</CAPTION>");
}

TEST(CutAndClose, CutsBeforeAnotherStage) {
  const ClosedStage closed =
      CutAndClose("<CAPTION> a cat <REASONING> so", Stage::kCaption);
  EXPECT_FALSE(closed.keeps_tokens);
  EXPECT_EQ(closed.appended, "<CAPTION> a cat </CAPTION>");
}

TEST(CutAndClose, CutsAHalfWrittenTag) {
  EXPECT_EQ(CutAndClose("<CAPTION> a cat </CAPT", Stage::kCaption).appended,
            "<CAPTION> a cat </CAPTION>");
}

TEST(CutAndClose, OpensWhatWasNotOpened) {
  EXPECT_EQ(CutAndClose("", Stage::kCaption).appended, "<CAPTION>  </CAPTION>");
  EXPECT_EQ(CutAndClose("a cat", Stage::kCaption).appended,
            "<CAPTION> a cat </CAPTION>");
}

}  // namespace
}  // namespace stagebeam::search
