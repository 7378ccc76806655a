#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "libs/search/response_text.h"
#include "libs/search/search.h"
#include "tests/search/scripted_world.h"

namespace stagebeam::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A closed stage with the probability `probability`.
Candidate Says(Stage stage, const std::string& text, double probability = 0.1) {
  return Said(OpeningTag(stage) + " " + text + " " + ClosingTag(stage),
              std::log(probability));
}

// One that lacks its closing tag.
Candidate Unclosed(Stage stage) {
  return Said(OpeningTag(stage) + " and", -1, Finish::kLength);
}

// The first stage of an adaptive beam, step by step.
class FirstStage {
 public:
  explicit FirstStage(const AdaptiveBeam& beam) : search_(Make(beam)) {}

  // The summaries that come, each with the probability 0.1.
  void Say(const std::vector<std::string>& texts) {
    std::vector<Candidate> candidates;
    for (const std::string& text : texts)
      candidates.push_back(Says(Stage::kSummary, text));
    Sample(std::move(candidates));
  }
  void Sample(std::vector<Candidate> candidates) {
    ASSERT_TRUE(std::holds_alternative<Expand>(search_->Next()));
    ASSERT_EQ(search_->Tell(OneSet(std::move(candidates))), absl::OkStatus());
  }
  // The greater text wins all duels that are asked for.
  void Judge(double confidence) {
    const Ask ask = search_->Next();
    ASSERT_TRUE(std::holds_alternative<Compare>(ask));
    Compared compared = GreaterTextWins(std::get<Compare>(ask));
    for (Verdict& verdict : compared.verdicts) verdict.confidence = confidence;
    ASSERT_EQ(search_->Tell(std::move(compared)), absl::OkStatus());
  }

  // Candidates that are asked for next of this stage; 0 where it is decided.
  int Wanted() {
    const Ask ask = search_->Next();
    const auto* expand = std::get_if<Expand>(&ask);
    return expand == nullptr || expand->stage != Stage::kSummary
               ? 0
               : expand->branches.at(0).count;
  }
  std::string Winner() {
    const ExpansionTrace& summary = search_->trace().front();
    if (summary.survivors.size() != 1) return "(none)";
    return ChosenText(
        summary.candidates[static_cast<size_t>(summary.survivors[0])].text,
        Stage::kSummary);
  }
  Search& search() { return *search_; }

 private:
  std::unique_ptr<Search> search_;
};

TEST(AdaptiveBeam, TakesALoneCandidateThatIsLikelyEnough) {
  FirstStage stage(AdaptiveBeam{8, 1, 0.9});
  stage.Sample({Says(Stage::kSummary, "a", 0.91)});
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "a");
}

TEST(AdaptiveBeam, GivesAnUnlikelyOneCompany) {
  FirstStage stage(AdaptiveBeam{8, 1, 0.9});
  stage.Sample({Says(Stage::kSummary, "a", 0.89)});
  EXPECT_EQ(stage.Wanted(), 1);
}

TEST(AdaptiveBeam, GivesOneThatDidNotCloseItsStageCompany) {
  FirstStage stage(AdaptiveBeam{8, 1, 0.1});
  stage.Sample({Unclosed(Stage::kSummary)});
  EXPECT_EQ(stage.Wanted(), 1);
  stage.Sample({Says(Stage::kSummary, "b", 0.2)});
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "b");
}

TEST(AdaptiveBeam, TakesWhatTwoAgreeOnHoweverUnlikely) {
  FirstStage stage(AdaptiveBeam{8, 1});
  stage.Say({"a"});
  stage.Say({"a"});
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_THAT(stage.search().trace().front().duels, IsEmpty());
}

TEST(AdaptiveBeam, TakesTheWinnerOfASureJudge) {
  FirstStage stage(AdaptiveBeam{8, 2, 0.9, 0.8});
  stage.Say({"a", "b"});
  stage.Judge(0.8);
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "b");
}

TEST(AdaptiveBeam, LetsTheWinnerOfAnUnsureJudgeMeetNewcomers) {
  FirstStage stage(AdaptiveBeam{8, 2, 0.9, 0.8});
  stage.Say({"a", "b"});
  stage.Judge(0.79);
  EXPECT_EQ(stage.Wanted(), 2);
  stage.Say({"c", "d"});
  const auto compare = std::get<Compare>(stage.search().Next());
  EXPECT_THAT(compare.candidates, ElementsAre("a", "b", "c", "d"));
  for (const Pair& pair : compare.pairs) {
    EXPECT_GT(pair.first, 0);
    EXPECT_GT(pair.second, 0);
  }
  stage.Judge(0.9);
  stage.Judge(0.9);
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "d");
  EXPECT_THAT(stage.search().trace().front().duels, SizeIs(3));
}

TEST(AdaptiveBeam, GoesByTheLeastSureDuelOfTheWinner) {
  FirstStage stage(AdaptiveBeam{8, 4, 0.9, 0.8});
  stage.Say({"a", "b", "c", "d"});
  stage.Judge(0.7);
  stage.Judge(0.9);
  EXPECT_EQ(stage.Wanted(), 4);
}

TEST(AdaptiveBeam, HasNoTextFightTwice) {
  FirstStage stage(AdaptiveBeam{8, 2});
  stage.Say({"a", "b"});
  stage.Judge(0.5);
  // The loser's text and the winner's again; the judge is as unsure as before.
  stage.Say({"a", "b"});
  EXPECT_EQ(stage.Wanted(), 4);
  EXPECT_THAT(stage.search().trace().front().duels, SizeIs(1));
  stage.Say({"b", "b", "b", "b"});
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_THAT(stage.search().trace().front().survivors, ElementsAre(1));
}

TEST(AdaptiveBeam, StopsAtItsMostHoweverUnsure) {
  FirstStage stage(AdaptiveBeam{3, 2});
  stage.Say({"a", "b"});
  stage.Judge(0.5);
  EXPECT_EQ(stage.Wanted(), 1);
  stage.Say({"c"});
  stage.Judge(0.5);
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "c");
}

TEST(AdaptiveBeam, WithoutAJudgeTakesTheLikeliestOfThoseThereAre) {
  FirstStage stage(AdaptiveBeam{8, 2});
  stage.Sample(
      {Says(Stage::kSummary, "a", 0.1), Says(Stage::kSummary, "b", 0.2)});
  ASSERT_TRUE(stage.search().Tell(JudgeUnavailable{"down"}).ok());
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "b");
}

TEST(AdaptiveBeam, ShortenedDrawsNoMore) {
  FirstStage stage(AdaptiveBeam{8, 2});
  stage.Say({"a", "b"});
  stage.Judge(0.5);
  stage.search().Shorten("late");
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "b");
  const Record rest = RunSearch(
      stage.search(),
      {[](const Expand& expand) { return OneSet({Says(expand.stage, "x")}); },
       nullptr});
  EXPECT_THAT(rest.expands, SizeIs(3));
  ASSERT_THAT(rest.outcome.degradations, SizeIs(1));
  EXPECT_EQ(rest.outcome.degradations[0].kind, DegradationKind::kShortened);
}

TEST(AdaptiveBeam, ShortenedWhileADrawRunsUsesIt) {
  FirstStage stage(AdaptiveBeam{8, 2});
  stage.Say({"a", "b"});
  stage.Judge(0.5);
  ASSERT_EQ(stage.Wanted(), 2);
  stage.search().Shorten("late");
  stage.Say({"c", "d"});
  stage.Judge(0.5);
  stage.Judge(0.5);
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "d");
}

TEST(AdaptiveBeam, CountsTheCandidatesOfAllDrawsWhereSomeAreMissing) {
  FirstStage stage(AdaptiveBeam{2, 1});
  stage.Sample({Unclosed(Stage::kSummary)});
  EXPECT_THAT(stage.search().outcome().degradations, IsEmpty());
  stage.Say({"b"});
  ASSERT_THAT(stage.search().outcome().degradations, SizeIs(1));
  EXPECT_EQ(stage.search().outcome().degradations[0].detail,
            "summary: 1 of 2 candidates closed </SUMMARY>");
}

TEST(AdaptiveBeam, CutsTheLikeliestWhereNobodyClosedTheStage) {
  FirstStage stage(AdaptiveBeam{3, 1});
  stage.Sample({Said("<SUMMARY> a", -3, Finish::kLength)});
  stage.Sample({Said("<SUMMARY> b", -1, Finish::kLength)});
  stage.Sample({Said("<SUMMARY> c", -2, Finish::kLength)});
  EXPECT_EQ(stage.Wanted(), 0);
  EXPECT_EQ(stage.Winner(), "b");
  ASSERT_THAT(stage.search().outcome().degradations, SizeIs(1));
  EXPECT_EQ(stage.search().outcome().degradations[0].kind,
            DegradationKind::kStageCut);
}

TEST(AdaptiveBeam, TokensOfAnAddedTagStandBeforeEveryDraw) {
  FirstStage stage(AdaptiveBeam{2, 1});
  stage.Sample({Unclosed(Stage::kSummary)});
  stage.Sample({Unclosed(Stage::kSummary)});
  Search& search = stage.search();
  const auto first = std::get<Expand>(search.Next()).branches.at(0);
  EXPECT_EQ(first.appended_text, " </SUMMARY>");
  ASSERT_TRUE(
      search.Tell(Expanded{{{Says(Stage::kCaption, "a")}}, {{77, 78}}}).ok());
  const auto second = std::get<Expand>(search.Next()).branches.at(0);
  std::vector<int32_t> tokens = first.prefix_token_ids;
  tokens.insert(tokens.end(), {77, 78});
  EXPECT_EQ(second.prefix_token_ids, tokens);
  EXPECT_EQ(second.appended_text, "");
  EXPECT_EQ(second.first_candidate_index, 1);
}

std::string ErrorOf(const AdaptiveBeam& beam) {
  return std::string(Validate(beam).message());
}

TEST(AdaptiveBeam, NamesTheParameterAndItsRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(ErrorOf({0}),
            "adaptive_beam.candidate_count: must be in [1, 64], got 0");
  EXPECT_EQ(ErrorOf({4, 5}),
            "adaptive_beam.initial_candidate_count: must be in [1, 4], got 5");
  EXPECT_EQ(ErrorOf({4, 1, 0}),
            "adaptive_beam.sufficient_probability: must be in (0, 1], got 0");
  EXPECT_EQ(ErrorOf({4, 1, nan}),
            "adaptive_beam.sufficient_probability: must be in (0, 1], got nan");
  EXPECT_EQ(ErrorOf({4, 1, 1, 1.5}),
            "adaptive_beam.sufficient_confidence: must be in [0, 1], got 1.5");
  EXPECT_EQ(ErrorOf({4, 4, 1, 0}), "");
}

}  // namespace
}  // namespace stagebeam::search
