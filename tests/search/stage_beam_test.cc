#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "libs/search/response_text.h"
#include "libs/search/search.h"
#include "tests/search/scripted_world.h"

namespace stagebeam::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Candidate InTags(Stage stage, const std::string& text, double logprob = -1) {
  return Said(OpeningTag(stage) + " " + text + " " + ClosingTag(stage),
              logprob);
}

// Every branch's candidates are "<parent><letter>".
Expanded Letters(const Expand& expand) {
  Expanded expanded;
  char letter = 'a';
  for (const Branch& branch : expand.branches) {
    auto& set = expanded.sets.emplace_back();
    for (int i = 0; i < branch.count; ++i) {
      set.push_back(InTags(expand.stage, std::string(1, letter++)));
    }
    expanded.appended_token_ids.emplace_back();
  }
  return expanded;
}

TEST(StageBeam, ChoosesTheWinnerOfEveryStage) {
  auto search = Make(StageBeam{4, 1});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  EXPECT_EQ(run.outcome.answer, "d");
  ASSERT_THAT(run.outcome.stages, SizeIs(4));
  EXPECT_EQ(run.outcome.stages[1].text, "d");
  EXPECT_THAT(run.outcome.degradations, IsEmpty());
  EXPECT_THAT(run.compares, SizeIs(8));
  for (const ExpansionTrace& expansion : run.trace) {
    EXPECT_THAT(expansion.survivors, ElementsAre(3));
    EXPECT_THAT(expansion.duels, SizeIs(3));
  }
}

TEST(StageBeam, LoserOfEveryDuelLeaves) {
  auto search = Make(StageBeam{2, 1});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  for (const ExpansionTrace& expansion : run.trace) {
    ASSERT_THAT(expansion.duels, SizeIs(1));
    EXPECT_THAT(expansion.survivors, ElementsAre(expansion.duels[0].winner));
  }
}

TEST(StageBeam, EveryStageStopsAtItsTag) {
  auto search = Make(StageBeam{2, 1});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  ASSERT_THAT(run.expands, SizeIs(4));
  EXPECT_THAT(run.expands[0].stop_strings, ElementsAre("</SUMMARY>"));
  EXPECT_THAT(run.expands[3].stop_strings, ElementsAre("</CONCLUSION>"));
  EXPECT_EQ(run.expands[3].stage_index, 3);
}

TEST(StageBeam, ThePrefixIsTheTokensAsSampled) {
  auto search = Make(StageBeam{2, 1});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(run.expands[i].branches[0].prefix_token_ids, tokens);
    const auto sampled = InTags(run.expands[i].stage, "b").token_ids;
    tokens.insert(tokens.end(), sampled.begin(), sampled.end());
  }
}

TEST(StageBeam, HintsAreTheCaptionAndThenTheReasoningToo) {
  auto search = Make(StageBeam{2, 1});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  std::vector<std::string> hints;
  for (const Compare& compare : run.compares) hints.push_back(compare.hint);
  EXPECT_THAT(hints, ElementsAre("", "", "b", "b b"));
  EXPECT_THAT(run.compares[2].candidates, ElementsAre("a", "b"));
}

TEST(StageBeam, CandidatesAreSharedOutOverTheSurvivors) {
  auto search = Make(StageBeam{5, 2});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  ASSERT_THAT(run.expands[1].branches, SizeIs(2));
  EXPECT_EQ(run.expands[1].branches[0].count, 3);
  EXPECT_EQ(run.expands[1].branches[1].count, 2);
  EXPECT_NE(run.expands[1].branches[0].seed, run.expands[1].branches[1].seed);
  EXPECT_THAT(run.trace[2].survivors, SizeIs(2));
  EXPECT_THAT(run.trace[3].survivors, SizeIs(1));
  EXPECT_EQ(run.trace[1].candidates[0].parent, run.trace[0].survivors[0]);
  EXPECT_EQ(run.trace[1].candidates[4].parent, run.trace[0].survivors[1]);
}

TEST(StageBeam, CandidatesOfDifferentCaptionsAreJudgedWithTheirCaptions) {
  auto search = Make(StageBeam{2, 2});
  const Record run = RunSearch(*search, {Letters, GreaterTextWins});
  ASSERT_THAT(run.compares, SizeIs(1));
  EXPECT_EQ(run.compares[0].subject, Subject::kConclusion);
  EXPECT_EQ(run.compares[0].hint, "");
  EXPECT_THAT(run.compares[0].candidates, ElementsAre("a a\na", "b b\nb"));
}

TEST(StageBeam, AStageThatNobodyClosedIsCutAndClosed) {
  auto search = Make(StageBeam{2, 1});
  ASSERT_TRUE(
      search
          ->Tell(OneSet({Said("<SUMMARY> less likely", -9, Finish::kLength),
                         Said("<SUMMARY> plan", -1, Finish::kLength)}))
          .ok());
  const auto expand = std::get<Expand>(search->Next());
  EXPECT_EQ(expand.stage, Stage::kCaption);
  EXPECT_EQ(expand.branches[0].parent, 1);
  EXPECT_EQ(expand.branches[0].appended_text, " </SUMMARY>");
  EXPECT_EQ(expand.branches[0].prefix_token_ids,
            Said("<SUMMARY> plan").token_ids);
}

TEST(StageBeam, TokensOfTheAddedTagStandInThePrefixAfterwards) {
  auto search = Make(StageBeam{1, 1});
  const Candidate summary = Said("<SUMMARY> plan", -1, Finish::kLength);
  const Candidate caption = InTags(Stage::kCaption, "cat");
  ASSERT_TRUE(search->Tell(OneSet({summary})).ok());
  EXPECT_FALSE(search->Tell(Expanded{{{caption}}, {}}).ok());
  ASSERT_TRUE(search->Tell(Expanded{{{caption}}, {{77, 78}}}).ok());
  std::vector<int32_t> tokens = summary.token_ids;
  tokens.insert(tokens.end(), {77, 78});
  tokens.insert(tokens.end(), caption.token_ids.begin(),
                caption.token_ids.end());
  const auto expand = std::get<Expand>(search->Next());
  EXPECT_EQ(expand.branches[0].prefix_token_ids, tokens);
  EXPECT_EQ(expand.branches[0].appended_text, "");
}

TEST(StageBeam, ARunawayStageIsReplacedByItsCutText) {
  auto search = Make(StageBeam{1, 1});
  ASSERT_TRUE(search
                  ->Tell(OneSet({Said("<SUMMARY> plan <CAPTION> cat", -1,
                                      Finish::kEndOfTurn)}))
                  .ok());
  const auto expand = std::get<Expand>(search->Next());
  EXPECT_THAT(expand.branches[0].prefix_token_ids, IsEmpty());
  EXPECT_EQ(expand.branches[0].appended_text, "<SUMMARY> plan </SUMMARY>");
}

TEST(StageBeam, ACutConclusionIsStillAnAnswer) {
  auto search = Make(StageBeam{1, 1});
  const Record run = RunSearch(
      *search, {[](const Expand& expand) {
                  if (expand.stage != Stage::kConclusion) {
                    return Letters(expand);
                  }
                  return OneSet({Said("<CONCLUSION> 4", -1, Finish::kLength)});
                },
                nullptr});
  EXPECT_EQ(run.outcome.answer, "4");
  ASSERT_THAT(run.outcome.degradations, SizeIs(1));
  EXPECT_EQ(run.outcome.degradations[0].kind, DegradationKind::kStageCut);
  EXPECT_THAT(run.outcome.degradations[0].detail,
              HasSubstr("conclusion: none of 1"));
}

TEST(StageBeam, AJudgeThatComesBackIsAskedAgain) {
  auto search = Make(StageBeam{2, 1});
  int failures = 0;
  int compares = 0;
  while (!search->Done()) {
    Ask ask = search->Next();
    if (auto* expand = std::get_if<Expand>(&ask)) {
      ASSERT_TRUE(search->Tell(Letters(*expand)).ok());
    } else if (++compares <= 2) {
      ++failures;
      ASSERT_TRUE(search->Tell(JudgeUnavailable{"down"}).ok());
    } else {
      ASSERT_TRUE(search->Tell(GreaterTextWins(std::get<Compare>(ask))).ok());
    }
  }
  EXPECT_EQ(compares, 4);
  EXPECT_THAT(search->outcome().degradations, SizeIs(1));
  EXPECT_EQ(search->outcome().answer, "b");
}

TEST(StageBeam, ShortenedGoesOnWithTheBestAlone) {
  auto search = Make(StageBeam{4, 2});
  ASSERT_TRUE(search->Tell(Letters(std::get<Expand>(search->Next()))).ok());
  search->Shorten("late");
  search->Shorten("later");
  while (std::holds_alternative<Compare>(search->Next())) {
    ASSERT_TRUE(
        search->Tell(GreaterTextWins(std::get<Compare>(search->Next()))).ok());
  }
  const Record rest = RunSearch(*search, {Letters, GreaterTextWins});
  EXPECT_THAT(rest.compares, IsEmpty());
  ASSERT_THAT(rest.expands, SizeIs(3));
  for (const Expand& expand : rest.expands) {
    ASSERT_THAT(expand.branches, SizeIs(1));
    EXPECT_EQ(expand.branches[0].count, 1);
  }
  ASSERT_THAT(rest.outcome.degradations, SizeIs(1));
  EXPECT_EQ(rest.outcome.degradations[0].kind, DegradationKind::kShortened);
  EXPECT_EQ(rest.outcome.degradations[0].detail, "late");
}

TEST(StageBeam, ShorteningWhatIsAlreadyShortIsNotReported) {
  auto search = Make(StageBeam{1, 1});
  search->Shorten("late");
  EXPECT_THAT(RunSearch(*search, {Letters, nullptr}).outcome.degradations,
              IsEmpty());
}

TEST(MakeSearch, NamesTheParameterAndItsRange) {
  EXPECT_EQ(MakeSearch(StageBeam{65, 1}, 0).status(),
            absl::InvalidArgumentError(
                "stage_beam.candidate_count: must be in [1, 64], got 65"));
  EXPECT_EQ(MakeSearch(StageBeam{4, 5}, 0).status(),
            absl::InvalidArgumentError(
                "stage_beam.survivor_count: must be in [1, 4], got 5"));
  EXPECT_EQ(MakeSearch(BestOfN{0}, 0).status(),
            absl::InvalidArgumentError(
                "best_of_n.candidate_count: must be in [1, 64], got 0"));
  EXPECT_EQ(MakeSearch(SentenceBeam{-1, 1}, 0).status(),
            absl::InvalidArgumentError(
                "sentence_beam.candidate_count: must be in [1, 64], got -1"));
  EXPECT_EQ(
      MakeSearch(SentenceBeam{1, 0}, 0).status(),
      absl::InvalidArgumentError(
          "sentence_beam.max_sentence_count: must be in [1, 1024], got 0"));
}

}  // namespace
}  // namespace stagebeam::search
