#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/search/search.h"
#include "tests/search/scripted_world.h"

namespace stagebeam::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Candidate Response(const std::string& answer, double logprob = -1) {
  return Said(
      "<SUMMARY> s </SUMMARY> <CONCLUSION> " + answer + " </CONCLUSION>",
      logprob, Finish::kEndOfTurn);
}

TEST(SinglePass, AnswersWithTheConclusionOfOneResponse) {
  auto search = Make(SinglePass{}, 42);
  const Record run =
      RunSearch(*search, {[](const Expand& expand) {
                            EXPECT_EQ(expand.branches[0].count, 1);
                            EXPECT_EQ(expand.branches[0].seed, 42);
                            EXPECT_THAT(expand.stop_strings, IsEmpty());
                            return OneSet({Response("yes")});
                          },
                          nullptr});
  EXPECT_EQ(run.outcome.answer, "yes");
  EXPECT_THAT(run.outcome.stages, SizeIs(2));
  EXPECT_THAT(run.outcome.degradations, IsEmpty());
  EXPECT_THAT(run.trace[0].survivors, ElementsAre(0));
}

TEST(SinglePass, AnswersWithTheWholeTextWhereThereIsNoConclusion) {
  auto search = Make(SinglePass{});
  const Record run = RunSearch(
      *search, {[](const Expand&) {
                  return OneSet({Said(" a cat \n", -1, Finish::kEndOfTurn)});
                },
                nullptr});
  EXPECT_EQ(run.outcome.answer, "a cat");
  EXPECT_THAT(run.outcome.stages, IsEmpty());
  ASSERT_THAT(run.outcome.degradations, SizeIs(1));
  EXPECT_EQ(run.outcome.degradations[0].kind, DegradationKind::kStageCut);
}

TEST(SinglePass, AnswersWithAnOpenConclusion) {
  auto search = Make(SinglePass{});
  const Record run = RunSearch(
      *search, {[](const Expand&) {
                  return OneSet({Said("<CONCLUSION> 4", -1, Finish::kLength)});
                },
                nullptr});
  EXPECT_EQ(run.outcome.answer, "4");
}

TEST(BestOfN, KeepsTheWinnerOfOneKnockOut) {
  auto search = Make(BestOfN{4});
  const Record run =
      RunSearch(*search, {[](const Expand& expand) {
                            EXPECT_EQ(expand.branches[0].count, 4);
                            return OneSet({Response("b"), Response("d"),
                                           Response("a"), Response("c")});
                          },
                          GreaterTextWins});
  EXPECT_EQ(run.outcome.answer, "d");
  EXPECT_THAT(run.compares, SizeIs(2));
  EXPECT_EQ(run.compares[0].subject, Subject::kResponse);
  EXPECT_THAT(run.trace[0].duels, SizeIs(3));
}

TEST(BestOfN, ResponsesWithoutConclusionTakeNoPart) {
  auto search = Make(BestOfN{3});
  const Record run = RunSearch(
      *search,
      {[](const Expand&) {
         return OneSet({Said("zzz", -0.1, Finish::kEndOfTurn), Response("a"),
                        Said("zz", -0.1, Finish::kLength)});
       },
       GreaterTextWins});
  EXPECT_EQ(run.outcome.answer, "a");
  EXPECT_THAT(run.compares, IsEmpty());
  ASSERT_THAT(run.outcome.degradations, SizeIs(1));
  EXPECT_EQ(run.outcome.degradations[0].kind,
            DegradationKind::kFewerCandidates);
  EXPECT_EQ(run.outcome.degradations[0].detail,
            "response: 1 of 3 candidates closed </CONCLUSION>");
}

TEST(BestOfN, LikelihoodPerTokenStandsInForTheJudge) {
  auto search = Make(BestOfN{3});
  ASSERT_TRUE(search
                  ->Tell(OneSet({Response("short", -8),
                                 Response("the likeliest a token", -4),
                                 Response("x", -9)}))
                  .ok());
  ASSERT_TRUE(search->Tell(JudgeUnavailable{"down"}).ok());
  ASSERT_TRUE(search->Done());
  EXPECT_EQ(search->outcome().answer, "the likeliest a token");
  ASSERT_THAT(search->outcome().degradations, SizeIs(1));
  EXPECT_EQ(search->outcome().degradations[0].kind,
            DegradationKind::kJudgeUnavailable);
  EXPECT_THAT(search->trace()[0].duels, IsEmpty());
}

TEST(BestOfN, OfTheSameTokensTheFirstIsKeptHoweverTheirProbabilityIsRounded) {
  for (double rounding : {-1e-9, 1e-9}) {
    auto search = Make(BestOfN{3});
    ASSERT_TRUE(search
                    ->Tell(OneSet({Response("other", -9), Response("same", -2),
                                   Response("same", -2 + rounding)}))
                    .ok());
    ASSERT_TRUE(search->Tell(JudgeUnavailable{"down"}).ok());
    EXPECT_THAT(search->trace()[0].survivors, ElementsAre(1));
  }
}

TEST(BestOfN, ShortenedBeforeItsStartIsOneResponse) {
  auto search = Make(BestOfN{5});
  search->Shorten("late");
  EXPECT_EQ(std::get<Expand>(search->Next()).branches[0].count, 1);
}

TEST(BestOfN, AnExpansionThatWasGivenStands) {
  auto search = Make(BestOfN{5});
  EXPECT_EQ(std::get<Expand>(search->Next()).branches[0].count, 5);
  search->Shorten("late");
  EXPECT_EQ(std::get<Expand>(search->Next()).branches[0].count, 5);
}

}  // namespace
}  // namespace stagebeam::search
