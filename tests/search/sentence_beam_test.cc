#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/search/search.h"
#include "tests/search/scripted_world.h"

namespace stagebeam::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Each call gives the next set of candidates.
Script InTurn(std::vector<std::vector<Candidate>> sets) {
  return {[sets, next = size_t{0}](const Expand&) mutable {
            return OneSet(sets.at(next++));
          },
          GreaterTextWins};
}

TEST(SentenceBeam, ChoosesSentenceBySentenceUntilTheConclusionCloses) {
  auto search = Make(SentenceBeam{2, 64});
  const Record run =
      RunSearch(*search, InTurn({{Said("<SUMMARY> a. "), Said("<SUMMARY> b. ")},
                                 {Said("</SUMMARY> <CONCLUSION> c. "),
                                  Said("</SUMMARY> <CONCLUSION> d. ")},
                                 {Said("</CONCLUSION>"), Said("& so. ")}}));
  EXPECT_EQ(run.outcome.answer, "d.");
  ASSERT_THAT(run.compares, SizeIs(3));
  EXPECT_EQ(run.compares[1].hint, "<SUMMARY> b.");
  EXPECT_EQ(run.compares[1].subject, Subject::kSentence);
}

TEST(SentenceBeam, AsksForSentencesAndTheStageTheyAreIn) {
  auto search = Make(SentenceBeam{1, 64});
  const Record run =
      RunSearch(*search, InTurn({{Said("<SUMMARY> a. </SUMMARY>")},
                                 {Said("<CONCLUSION> 4 </CONCLUSION>")}}));
  ASSERT_THAT(run.expands, SizeIs(2));
  EXPECT_TRUE(run.expands[0].stop_after_sentence);
  EXPECT_THAT(run.expands[0].stop_strings, ElementsAre("</CONCLUSION>"));
  EXPECT_EQ(run.trace[0].stage, Stage::kSummary);
  EXPECT_EQ(run.trace[1].stage, Stage::kCaption);
  EXPECT_EQ(run.outcome.answer, "4");
}

TEST(SentenceBeam, EndOfTurnWithoutAnAnswerTakesNoPart) {
  auto search = Make(SentenceBeam{2, 64});
  const Record run = RunSearch(
      *search, InTurn({{Said("zzz.", -0.1, Finish::kEndOfTurn), Said("a. ")},
                       {Said("<CONCLUSION> 1 </CONCLUSION>"), Said("", 0)}}));
  EXPECT_EQ(run.outcome.answer, "1");
  EXPECT_THAT(run.compares, IsEmpty());
}

TEST(SentenceBeam, EndsWithTheTurnWhereNothingElseIsLeft) {
  auto search = Make(SentenceBeam{2, 64});
  const Record run =
      RunSearch(*search, InTurn({{Said("a cat.", -1, Finish::kEndOfTurn),
                                  Said("a dog.", -2, Finish::kEndOfTurn)}}));
  EXPECT_EQ(run.outcome.answer, "a cat.");
  ASSERT_THAT(run.outcome.degradations, SizeIs(1));
  EXPECT_EQ(run.outcome.degradations[0].kind, DegradationKind::kStageCut);
}

TEST(SentenceBeam, GivesUpAtTheSentenceCap) {
  auto search = Make(SentenceBeam{1, 3});
  const Record run = RunSearch(
      *search,
      {[](const Expand&) { return OneSet({Said("on and on. ")}); }, nullptr});
  EXPECT_THAT(run.expands, SizeIs(3));
  EXPECT_EQ(run.outcome.answer, "on and on. on and on. on and on.");
}

TEST(SentenceBeam, ShortenedWritesTheRestInOneGo) {
  auto search = Make(SentenceBeam{2, 64});
  ASSERT_TRUE(search->Tell(OneSet({Said("a. "), Said("a. ")})).ok());
  search->Shorten("late");
  const auto expand = std::get<Expand>(search->Next());
  EXPECT_FALSE(expand.stop_after_sentence);
  EXPECT_EQ(expand.branches[0].count, 1);
  ASSERT_TRUE(
      search->Tell(OneSet({Said("b. <CONCLUSION> 2 </CONCLUSION>")})).ok());
  EXPECT_TRUE(search->Done());
  EXPECT_EQ(search->outcome().answer, "2");
  ASSERT_THAT(search->outcome().degradations, SizeIs(1));
  EXPECT_EQ(search->outcome().degradations[0].kind,
            DegradationKind::kShortened);
}

}  // namespace
}  // namespace stagebeam::search
