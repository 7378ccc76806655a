#include "cli/ask_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace stagebeam::cli {
namespace {

using testing::HasSubstr;

absl::StatusOr<AskConfig> Read(std::vector<std::string> flags) {
  std::vector<std::string> arguments = {"--image", "cat.png", "How many?"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return ReadAskConfig(arguments);
}

std::string ErrorOf(const std::vector<std::string>& arguments) {
  return std::string(ReadAskConfig(arguments).status().message());
}

TEST(AskConfig, APictureAndAQuestionAreEnough) {
  const auto config = Read({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->image, "cat.png");
  EXPECT_EQ(config->question, "How many?");
  EXPECT_EQ(config->search.ByteSizeLong(), 0u)
      << "the server chooses the search";
}

TEST(AskConfig, TheServerComesFromTheFlagOrTheEnvironment) {
  setenv("STAGEBEAM_SERVER", "10.0.0.1:7", 1);
  EXPECT_EQ(Read({})->server, "10.0.0.1:7");
  EXPECT_EQ(Read({"--server", "10.0.0.2:8"})->server, "10.0.0.2:8");
  unsetenv("STAGEBEAM_SERVER");
  EXPECT_THAT(Read({})->server, HasSubstr("127.0.0.1:"));
}

TEST(AskConfig, EveryStrategyHasItsMessage) {
  EXPECT_TRUE(Read({"--strategy=single"})->search.has_single_pass());
  EXPECT_EQ(Read({"--strategy=best-of-n", "--candidates=3"})
                ->search.best_of_n()
                .candidate_count(),
            3);
  const auto sentence =
      Read({"--strategy=sentence-beam", "--candidates=2", "--max_sentences=9"})
          ->search;
  EXPECT_EQ(sentence.sentence_beam().candidate_count(), 2);
  EXPECT_EQ(sentence.sentence_beam().max_sentence_count(), 9);
  const auto stage =
      Read({"--strategy=stage-beam", "--candidates=8", "--survivors=2"})
          ->search;
  EXPECT_EQ(stage.stage_beam().candidate_count(), 8);
  EXPECT_EQ(stage.stage_beam().survivor_count(), 2);
}

TEST(AskConfig, AnAdaptiveBeamHoldsOnlyWhatWasGiven) {
  const auto bare = Read({"--strategy=adaptive"})->search.adaptive_beam();
  EXPECT_EQ(bare.candidate_count(), 4);
  EXPECT_EQ(bare.initial_candidate_count(), 0);
  EXPECT_FALSE(bare.has_sufficient_probability());
  EXPECT_FALSE(bare.has_sufficient_confidence());
  const auto full =
      Read({"--strategy=adaptive", "--candidates=8", "--initial_candidates=2",
            "--sufficient_probability=0.7", "--sufficient_confidence=0"})
          ->search.adaptive_beam();
  EXPECT_EQ(full.candidate_count(), 8);
  EXPECT_EQ(full.initial_candidate_count(), 2);
  EXPECT_EQ(full.sufficient_probability(), 0.7);
  EXPECT_TRUE(full.has_sufficient_confidence());
  EXPECT_EQ(full.sufficient_confidence(), 0);
}

TEST(AskConfig, TheDeciderIsChosenByName) {
  EXPECT_EQ(Read({"--decide=chance"})->search.decider(),
            orchestrator::v1::DECIDER_CHANCE);
  EXPECT_EQ(Read({"--decide=judge-and-likelihood"})->search.decider(),
            orchestrator::v1::DECIDER_JUDGE_AND_LIKELIHOOD);
  EXPECT_EQ(Read({"--decide=log-probability"})->search.decider(),
            orchestrator::v1::DECIDER_LOG_PROBABILITY);
}

TEST(AskConfig, CandidatesAloneMeanAStageBeam) {
  EXPECT_EQ(Read({"--candidates=6"})->search.stage_beam().candidate_count(), 6);
}

TEST(AskConfig, OutOfRangeNumbersAreLeftToTheServer) {
  EXPECT_EQ(Read({"--candidates=-1"})->search.stage_beam().candidate_count(),
            -1);
}

TEST(AskConfig, SamplingHoldsOnlyWhatWasGiven) {
  const auto search = Read({"--seed=7", "--temperature=0"})->search;
  EXPECT_EQ(search.sampling().seed(), 7);
  ASSERT_TRUE(search.sampling().has_temperature());
  EXPECT_EQ(search.sampling().temperature(), 0.0);
  EXPECT_FALSE(search.sampling().has_top_p());
}

TEST(AskConfig, TheJudgesMethodIsChosenByName) {
  EXPECT_EQ(Read({"--judge=write"})->search.judge_method(),
            judge::v1::METHOD_WRITE);
  EXPECT_EQ(Read({"--judge=both-orders"})->search.judge_method(),
            judge::v1::METHOD_SCORE_BOTH_ORDERS);
}

TEST(AskConfig, MistakesAreNamed) {
  EXPECT_EQ(ErrorOf({"--image=a.png"}), "the question is missing");
  EXPECT_THAT(ErrorOf({"--image=a.png", "How", "many?"}),
              HasSubstr("in quotes"));
  EXPECT_THAT(ErrorOf({"Why?"}), HasSubstr("--image or --image_key"));
  EXPECT_THAT(ErrorOf({"--image=a", "--image_key=b", "Why?"}),
              HasSubstr("only one"));
  EXPECT_THAT(Read({"--strategy=greedy"}).status().message(),
              HasSubstr("'greedy' is none of"));
  EXPECT_THAT(Read({"--judge=fair"}).status().message(),
              HasSubstr("--judge: 'fair' is none of"));
  EXPECT_THAT(Read({"--color=red"}).status().message(),
              HasSubstr("auto, always, never"));
  EXPECT_THAT(Read({"--strategy=single", "--candidates=2"}).status().message(),
              HasSubstr("--candidates"));
  EXPECT_THAT(
      Read({"--strategy=best-of-n", "--survivors=2"}).status().message(),
      HasSubstr("--survivors"));
  EXPECT_THAT(Read({"--max_sentences=2"}).status().message(),
              HasSubstr("--max_sentences"));
  for (const char* flag :
       {"--initial_candidates=2", "--sufficient_probability=0.5",
        "--sufficient_confidence=0.5"}) {
    EXPECT_THAT(Read({"--strategy=stage-beam", flag}).status().message(),
                HasSubstr("only adaptive"));
  }
  EXPECT_THAT(Read({"--decide=me"}).status().message(),
              HasSubstr("--decide: 'me' is none of"));
  EXPECT_THAT(Read({"--timeout=-1s"}).status().message(),
              HasSubstr("--timeout"));
}

}  // namespace
}  // namespace stagebeam::cli
