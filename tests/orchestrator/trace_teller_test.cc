#include "services/orchestrator/trace_teller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/search/response_text.h"
#include "tests/orchestrator/step_log.h"

namespace stagebeam::orchestrator {
namespace {

using search::Stage;
using testing::ElementsAre;

search::ExpansionTrace Expansion(Stage stage, std::vector<int> parents) {
  search::ExpansionTrace expansion;
  expansion.stage = stage;
  for (int parent : parents) {
    search::TracedCandidate candidate;
    candidate.parent = parent;
    candidate.text = absl::StrCat(search::OpeningTag(stage), " ",
                                  expansion.candidates.size(), " ",
                                  search::ClosingTag(stage));
    expansion.candidates.push_back(candidate);
  }
  return expansion;
}

TEST(TraceTeller, TellsEachStepOnce) {
  StepLog log;
  TraceTeller teller(true, log);
  std::vector<search::ExpansionTrace> trace = {
      Expansion(Stage::kSummary, {0, 0})};
  teller.Tell(trace);
  teller.Tell(trace);
  EXPECT_THAT(log.steps(), ElementsAre("summary: 2 candidates"));
  trace[0].duels.push_back({0, 1, 1, 0.9, ""});
  trace[0].survivors = {1};
  teller.Tell(trace);
  teller.Tell(trace);
  EXPECT_THAT(log.steps(),
              ElementsAre("summary: 2 candidates", "summary: 0 or 1: 1",
                          "summary: chosen 1: 1"));
}

TEST(TraceTeller, TellsTheCandidatesOfALaterDrawAlone) {
  StepLog log;
  TraceTeller teller(true, log);
  std::vector<search::ExpansionTrace> trace = {
      Expansion(Stage::kSummary, {0, 0})};
  teller.Tell(trace);
  trace[0].duels.push_back({0, 1, 1, 0.5, ""});
  teller.Tell(trace);
  trace[0] = Expansion(Stage::kSummary, {0, 0, 0, 0});
  trace[0].duels.push_back({0, 1, 1, 0.5, ""});
  teller.Tell(trace);
  trace[0].duels.push_back({1, 3, 3, 0.9, ""});
  trace[0].survivors = {3};
  teller.Tell(trace);
  EXPECT_THAT(log.steps(),
              ElementsAre("summary: 2 candidates", "summary: 0 or 1: 1",
                          "summary: 2 candidates from 2", "summary: 1 or 3: 3",
                          "summary: chosen 3: 3"));
}

TEST(TraceTeller, WaitsWithTheChoiceUntilOneLineIsLeft) {
  StepLog log;
  TraceTeller teller(true, log);
  std::vector<search::ExpansionTrace> trace = {
      Expansion(Stage::kSummary, {0, 0})};
  trace[0].survivors = {1, 0};
  teller.Tell(trace);
  trace.push_back(Expansion(Stage::kCaption, {1, 0}));
  teller.Tell(trace);
  EXPECT_THAT(log.steps(),
              ElementsAre("summary: 2 candidates", "caption: 2 candidates"));
  trace[1].survivors = {1};
  teller.Tell(trace);
  EXPECT_THAT(log.steps(),
              ElementsAre("summary: 2 candidates", "caption: 2 candidates",
                          "summary: chosen 0: 0", "caption: chosen 1: 1"));
}

TEST(TraceTeller, TellsSentencesAsTheyAreWritten) {
  StepLog log;
  TraceTeller teller(false, log);
  std::vector<search::ExpansionTrace> trace = {Expansion(Stage::kSummary, {0})};
  trace[0].survivors = {0};
  teller.Tell(trace);
  EXPECT_THAT(log.steps(),
              ElementsAre("summary: 1 candidates",
                          "summary: chosen 0: <SUMMARY> 0 </SUMMARY>"));
}

}  // namespace
}  // namespace stagebeam::orchestrator
