#include "services/orchestrator/solver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/serving/metrics.h"
#include "tests/orchestrator/scripted_workers.h"
#include "tests/orchestrator/step_log.h"

namespace stagebeam::orchestrator {
namespace {

using search::DegradationKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A solver over scripted workers, and a clock that only the test moves.
class SolverTest : public testing::Test {
 protected:
  absl::StatusOr<Answer> Solve(const Question& question) {
    return solver_.Solve(context_, question, log_);
  }

  static Question Ask(const search::Strategy& strategy) {
    Question question;
    question.request_id = "r-1";
    question.image = "cat";
    question.text = "What?";
    question.strategy = strategy;
    question.sampling.seed = 7;
    return question;
  }

  void MoveClock(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }
  absl::Time Now() {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  std::vector<DegradationKind> Degradations(const Answer& answer) {
    std::vector<DegradationKind> kinds;
    for (const auto& d : answer.outcome.degradations) kinds.push_back(d.kind);
    return kinds;
  }

  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::UnixEpoch();
  ScriptedEncoder encoder_;
  ScriptedGenerator generator_;
  ScriptedJudge judge_;
  FanOut fan_out_{4};
  serving::Metrics metrics_{"orchestrator"};
  SolverMetrics solver_metrics_{metrics_};
  StepLog log_;
  inference::RequestContext context_;
  Solver solver_{{encoder_, generator_, judge_, fan_out_, absl::Minutes(1),
                  [this] { return Now(); }},
                 solver_metrics_};
};

TEST_F(SolverTest, AnswersByStages) {
  const auto answer = Solve(Ask(search::StageBeam{2, 1}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->outcome.stages, SizeIs(4));
  EXPECT_EQ(answer->outcome.answer, answer->outcome.stages[3].text);
  EXPECT_EQ(answer->features, FeaturesOf("cat"));
  EXPECT_EQ(answer->model_id, "scripted@1");
  EXPECT_THAT(answer->trace, SizeIs(4));
  EXPECT_THAT(Degradations(*answer), IsEmpty());
}

TEST_F(SolverTest, TellsEveryStepInOrder) {
  ASSERT_TRUE(Solve(Ask(search::StageBeam{2, 1})).ok());
  std::vector<std::string> starts;
  for (const std::string& step : log_.steps()) {
    starts.push_back(step.substr(0, step.find(": ") + 8));
  }
  ASSERT_THAT(starts, SizeIs(13));
  EXPECT_EQ(log_.steps()[0], "image features-of-cat");
  EXPECT_EQ(log_.steps()[1], "summary: 2 candidates");
  EXPECT_THAT(log_.steps()[2], HasSubstr("summary: "));
  EXPECT_THAT(log_.steps()[2], HasSubstr(" or "));
  EXPECT_THAT(log_.steps()[3], HasSubstr("summary: chosen"));
  EXPECT_EQ(log_.steps()[4], "caption: 2 candidates");
  EXPECT_THAT(log_.steps()[12], HasSubstr("conclusion: chosen"));
}

TEST_F(SolverTest, PassesTheRequestOnToTheWorkers) {
  Question question = Ask(search::StageBeam{3, 1});
  question.sampling.temperature = 1.5;
  question.max_candidate_tokens = 99;
  question.min_candidate_tokens = 3;
  question.judge_method = inference::JudgeMethod::kWrite;
  ASSERT_TRUE(Solve(question).ok());
  const auto requests = generator_.requests();
  ASSERT_THAT(requests, SizeIs(4));
  const inference::GenerateRequest& caption = requests[1];
  EXPECT_EQ(caption.image, FeaturesOf("cat"));
  EXPECT_EQ(caption.question, "What?");
  EXPECT_EQ(caption.candidate_count, 3);
  EXPECT_EQ(caption.sampling.temperature, 1.5);
  EXPECT_EQ(caption.sampling.seed, 7);
  EXPECT_EQ(caption.sampling.stage_index, 1);
  EXPECT_THAT(caption.stopping.stop_strings, ElementsAre("</CAPTION>"));
  EXPECT_EQ(caption.stopping.max_new_tokens, 99);
  EXPECT_EQ(caption.stopping.min_new_tokens, 3);
  EXPECT_EQ(caption.session_id, "r-1");
  EXPECT_THAT(caption.prefix_token_ids, SizeIs(2));
  const auto compared = judge_.requests();
  ASSERT_FALSE(compared.empty());
  EXPECT_EQ(compared[0].subject, inference::Subject::kSummary);
  EXPECT_EQ(compared[0].method, inference::JudgeMethod::kWrite);
  EXPECT_EQ(compared[0].question, "What?");
}

TEST_F(SolverTest, CountsWhatAnAnswerCost) {
  generator_.script = [this](const auto&, const auto& request) {
    MoveClock(absl::Seconds(2));
    return ScriptedGenerator::WellFormed(request);
  };
  judge_.script = [this](const auto&, const auto& request) {
    MoveClock(absl::Seconds(1));
    return ScriptedJudge::SecondWins(request);
  };
  const auto answer = Solve(Ask(search::StageBeam{2, 1}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->cost.candidate_count, 8);
  EXPECT_EQ(answer->cost.duel_count, 4);
  EXPECT_EQ(answer->cost.generated_token_count, 16);
  EXPECT_EQ(answer->cost.prompt_token_count, 4 * 10 + 0 + 2 + 4 + 6 + 400);
  EXPECT_EQ(answer->cost.reused_token_count, 40);
  EXPECT_EQ(answer->cost.generate_time, absl::Seconds(8));
  EXPECT_EQ(answer->cost.judge_time, absl::Seconds(4));
  EXPECT_EQ(answer->cost.total_time, absl::Seconds(12));
  EXPECT_FALSE(answer->cost.image_cached);
  const std::string page = metrics_.Text();
  EXPECT_THAT(page, HasSubstr("stagebeam_orchestrator_duels_total 4"));
  EXPECT_THAT(page, HasSubstr("stagebeam_orchestrator_candidates_total 8"));
  EXPECT_THAT(page,
              HasSubstr("stagebeam_orchestrator_stage_seconds_count{stage="
                        "\"caption\",strategy=\"stage_beam\"} 1"));
  EXPECT_THAT(page, HasSubstr("stagebeam_orchestrator_request_seconds_sum{"
                              "strategy=\"stage_beam\"} 12\n"));
  EXPECT_THAT(page, HasSubstr("stagebeam_orchestrator_request_tokens_sum{kind="
                              "\"generated\",strategy=\"stage_beam\"} 16\n"));
  EXPECT_THAT(page, HasSubstr("service_seconds_total{service=\"generator\","
                              "strategy=\"stage_beam\"} 8\n"));
  EXPECT_THAT(page, HasSubstr("service_seconds_total{service=\"judge\","
                              "strategy=\"stage_beam\"} 4\n"));
  EXPECT_THAT(page, HasSubstr("service_seconds_total{service=\"orchestrator\","
                              "strategy=\"stage_beam\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("stagebeam_orchestrator_pictures_total{source="
                              "\"encoding\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("requests_total{outcome=\"deadline_exceeded\","
                              "strategy=\"best_of_n\"} 0\n"));
}

TEST_F(SolverTest, SameSeedSameAnswer) {
  const auto one = Solve(Ask(search::StageBeam{5, 2}));
  const auto two = Solve(Ask(search::StageBeam{5, 2}));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->outcome.answer, two->outcome.answer);
  Question other = Ask(search::StageBeam{5, 2});
  other.sampling.seed = 8;
  EXPECT_NE(Solve(other)->outcome.answer, one->outcome.answer);
}

TEST_F(SolverTest, MoreCandidatesAreDrawnWhereTheJudgeIsNotSure) {
  // It is 75 % sure, and the later candidate wins every duel.
  const auto answer = Solve(Ask(search::AdaptiveBeam{4, 2, 0.9, 0.8}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto requests = generator_.requests();
  ASSERT_THAT(requests, SizeIs(8));
  EXPECT_EQ(requests[2].sampling.stage_index, 1);
  EXPECT_EQ(requests[2].first_candidate_index, 0);
  EXPECT_EQ(requests[2].candidate_count, 2);
  EXPECT_EQ(requests[3].sampling.stage_index, 1);
  EXPECT_EQ(requests[3].first_candidate_index, 2);
  EXPECT_EQ(requests[3].candidate_count, 2);
  EXPECT_EQ(requests[3].sampling.seed, requests[2].sampling.seed);
  EXPECT_EQ(requests[3].prefix_token_ids, requests[2].prefix_token_ids);
  EXPECT_THAT(answer->trace, SizeIs(4));
  EXPECT_THAT(answer->trace[1].candidates, SizeIs(4));
  EXPECT_EQ(answer->cost.candidate_count, 16);
  EXPECT_EQ(answer->cost.generated_token_count, 32);
  EXPECT_EQ(answer->cost.duel_count, 12);
  EXPECT_THAT(log_.steps(),
              testing::Contains("caption: 2 candidates from 2").Times(1));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("stagebeam_orchestrator_stage_seconds_count{stage="
                        "\"caption\",strategy=\"adaptive_beam\"} 1"));
}

TEST_F(SolverTest, NoMoreCandidatesAreDrawnWhereTheJudgeIsSure) {
  const auto answer = Solve(Ask(search::AdaptiveBeam{4, 2, 0.9, 0.7}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(generator_.requests(), SizeIs(4));
  EXPECT_EQ(answer->cost.candidate_count, 8);
  EXPECT_EQ(answer->cost.duel_count, 4);
}

TEST_F(SolverTest, DuelsAreDecidedWithoutAJudgeWhereAskedFor) {
  for (const auto decider :
       {search::Decider::kLogProbability, search::Decider::kChance}) {
    Question question = Ask(search::StageBeam{4, 1});
    question.decider = decider;
    const auto answer = Solve(question);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(judge_.requests(), IsEmpty());
    EXPECT_EQ(answer->cost.duel_count, 12);
    EXPECT_EQ(answer->cost.judge_time, absl::ZeroDuration());
    EXPECT_THAT(Degradations(*answer), IsEmpty());
    for (const search::ExpansionTrace& expansion : answer->trace) {
      EXPECT_THAT(expansion.duels, SizeIs(3));
      if (decider == search::Decider::kChance) continue;
      // Candidate 0 is the likeliest of a script's.
      EXPECT_THAT(expansion.survivors, ElementsAre(0));
    }
  }
}

TEST_F(SolverTest, ALikelihoodThatIsSurerOverrulesTheJudge) {
  Question question = Ask(search::StageBeam{4, 1});
  question.decider = search::Decider::kJudgeAndLikelihood;
  const auto answer = Solve(question);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(judge_.requests(), SizeIs(8));
  EXPECT_EQ(answer->cost.duel_count, 12);
  int overruled = 0;
  for (const search::ExpansionTrace& expansion : answer->trace) {
    for (const search::TracedDuel& duel : expansion.duels) {
      // The script's judge is for the second by three to one, and its
      // candidate i is e times as likely as the next.
      const double odds = std::exp(duel.second - duel.first) / 3;
      EXPECT_EQ(duel.winner, odds >= 1 ? duel.first : duel.second);
      EXPECT_NEAR(duel.confidence, std::max(odds, 1.0) / (1 + odds), 1e-9);
      EXPECT_EQ(duel.rationale, "so");
      if (duel.winner == duel.first) ++overruled;
    }
  }
  EXPECT_GT(overruled, 0);
}

TEST_F(SolverTest, SurvivorsAreContinuedSideBySide) {
  // Each of the two calls of an expansion waits for the other.
  absl::Mutex mutex;
  int inside = 0;
  generator_.script = [&](const auto&, const auto& request) {
    if (request.sampling.stage_index > 0) {
      absl::MutexLock lock(&mutex);
      const int wanted = 2 * request.sampling.stage_index;
      ++inside;
      struct Wait {
        const int& inside;
        int wanted;
        bool Over() const { return inside >= wanted; }
      } wait{inside, wanted};
      mutex.Await(absl::Condition(&wait, &Wait::Over));
    }
    return ScriptedGenerator::WellFormed(request);
  };
  const auto answer = Solve(Ask(search::StageBeam{4, 2}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(generator_.requests(), SizeIs(7));
}

TEST_F(SolverTest, SearchesByKeyWithoutTheEncoder) {
  Question question = Ask(search::SinglePass{});
  question.image.clear();
  question.features = FeaturesOf("dog");
  const auto answer = Solve(question);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(encoder_.encodings(), 0);
  EXPECT_TRUE(answer->cost.image_cached);
  EXPECT_EQ(log_.steps()[0], "image features-of-dog cached");
}

TEST_F(SolverTest, EncodesAgainOnceWhereFeaturesWereLost) {
  int calls = 0;
  generator_.script =
      [&](const auto&,
          const auto& request) -> absl::StatusOr<inference::GenerateResult> {
    if (++calls == 2) return absl::NotFoundError("features are gone");
    return ScriptedGenerator::WellFormed(request);
  };
  const auto answer = Solve(Ask(search::StageBeam{2, 1}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(encoder_.encodings(), 2);
  EXPECT_THAT(Degradations(*answer), IsEmpty());
}

TEST_F(SolverTest, GivesUpWhereFeaturesAreLostAgain) {
  generator_.script =
      [](const auto&,
         const auto&) -> absl::StatusOr<inference::GenerateResult> {
    return absl::NotFoundError("features are gone");
  };
  EXPECT_TRUE(absl::IsUnavailable(Solve(Ask(search::SinglePass{})).status()));
  EXPECT_EQ(encoder_.encodings(), 2);
  Question by_key = Ask(search::SinglePass{});
  by_key.features = FeaturesOf("dog");
  EXPECT_TRUE(absl::IsNotFound(Solve(by_key).status()));
}

TEST_F(SolverTest, ABrokenPictureIsTheCallersError) {
  Question question = Ask(search::SinglePass{});
  question.image = "broken";
  const absl::Status status = Solve(question).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), "image: is broken");
  EXPECT_THAT(generator_.requests(), IsEmpty());
}

TEST_F(SolverTest, AJudgeOutOfReachCostsNoAnswer) {
  judge_.script = [](const auto&,
                     const auto&) -> absl::StatusOr<inference::CompareResult> {
    return absl::UnavailableError("nobody there");
  };
  const auto answer = Solve(Ask(search::StageBeam{4, 1}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Degradations(*answer),
              ElementsAre(DegradationKind::kJudgeUnavailable));
  EXPECT_EQ(answer->outcome.degradations[0].detail,
            "UNAVAILABLE: nobody there");
  // Candidate 0 is the likeliest of a script's.
  EXPECT_THAT(answer->trace[0].survivors, ElementsAre(0));
  EXPECT_EQ(answer->cost.duel_count, 0);
}

TEST_F(SolverTest, AJudgeThatTakesTooLongIsOutOfReach) {
  judge_.script = [](const inference::RequestContext& context,
                     const auto&) -> absl::StatusOr<inference::CompareResult> {
    EXPECT_EQ(context.deadline, absl::UnixEpoch() + absl::Minutes(1));
    return absl::DeadlineExceededError("too long");
  };
  const auto answer = Solve(Ask(search::BestOfN{2}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Degradations(*answer),
              ElementsAre(DegradationKind::kJudgeUnavailable));
}

TEST_F(SolverTest, AWrongNumberOfVerdictsIsNoVerdict) {
  judge_.script = [](const auto&, const auto&) {
    return inference::CompareResult{};
  };
  const auto answer = Solve(Ask(search::BestOfN{2}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Degradations(*answer),
              ElementsAre(DegradationKind::kJudgeUnavailable));
}

TEST_F(SolverTest, ABranchThatFailsCostsItsCandidatesAlone) {
  generator_.script =
      [](const auto&,
         const auto& request) -> absl::StatusOr<inference::GenerateResult> {
    const bool second_branch = request.sampling.seed != 7;
    if (second_branch) return absl::UnavailableError("gone");
    return ScriptedGenerator::WellFormed(request);
  };
  const auto answer = Solve(Ask(search::StageBeam{4, 2}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Degradations(*answer),
              testing::Contains(DegradationKind::kFewerCandidates));
}

TEST_F(SolverTest, NoGeneratorIsUnavailable) {
  generator_.script =
      [](const auto&,
         const auto&) -> absl::StatusOr<inference::GenerateResult> {
    return absl::ResourceExhaustedError("queue is full");
  };
  EXPECT_TRUE(
      absl::IsUnavailable(Solve(Ask(search::StageBeam{2, 1})).status()));
}

TEST_F(SolverTest, TooManyCandidatesFromAGeneratorIsInternal) {
  generator_.script = [](const auto&, inference::GenerateRequest request) {
    ++request.candidate_count;
    return ScriptedGenerator::WellFormed(request);
  };
  EXPECT_TRUE(absl::IsInternal(Solve(Ask(search::SinglePass{})).status()));
}

TEST_F(SolverTest, AStageThatNobodyClosedGoesOnWithItsTag) {
  generator_.script = [](const auto&, const auto& request) {
    auto result = ScriptedGenerator::WellFormed(request);
    if (request.sampling.stage_index == 0) {
      for (auto& candidate : result.candidates) {
        candidate.text = "<SUMMARY> plan";
        candidate.finish_reason = inference::FinishReason::kLength;
      }
    }
    return result;
  };
  const auto answer = Solve(Ask(search::StageBeam{1, 1}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto requests = generator_.requests();
  EXPECT_EQ(requests[1].prefix_text, " </SUMMARY>");
  EXPECT_EQ(requests[2].prefix_text, "");
  // Summary, the tokens of its tag, caption.
  EXPECT_THAT(requests[2].prefix_token_ids, ElementsAre(0, 0, 900, 901, 1, 0));
  EXPECT_THAT(Degradations(*answer), ElementsAre(DegradationKind::kStageCut));
}

TEST_F(SolverTest, ASlowSearchIsShortenedToMeetItsDeadline) {
  context_.deadline = absl::UnixEpoch() + absl::Seconds(10);
  generator_.script = [this](const auto&, const auto& request) {
    MoveClock(request.candidate_count > 1 ? absl::Seconds(4)
                                          : absl::Seconds(1));
    return ScriptedGenerator::WellFormed(request);
  };
  const auto answer = Solve(Ask(search::StageBeam{4, 1}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Degradations(*answer), ElementsAre(DegradationKind::kShortened));
  const auto requests = generator_.requests();
  ASSERT_THAT(requests, SizeIs(4));
  EXPECT_EQ(requests[0].candidate_count, 4);
  EXPECT_EQ(requests[1].candidate_count, 1);
  EXPECT_THAT(answer->outcome.degradations[0].detail, HasSubstr("6s left"));
}

TEST_F(SolverTest, AShortenedSearchDrawsNoMoreCandidatesOfAStage) {
  context_.deadline = absl::UnixEpoch() + absl::Seconds(60);
  judge_.script = [this](const auto&, const auto& request) {
    MoveClock(absl::Seconds(1));
    return ScriptedJudge::SecondWins(request);
  };
  generator_.script = [this](const auto&, const auto& request) {
    // The first stage takes 5 s, which leaves time enough; the second does not.
    const bool slow = request.sampling.stage_index == 1;
    MoveClock(slow ? absl::Seconds(40) : absl::Seconds(1));
    return ScriptedGenerator::WellFormed(request);
  };
  const auto answer = Solve(Ask(search::AdaptiveBeam{4, 2}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Degradations(*answer), ElementsAre(DegradationKind::kShortened));
  EXPECT_THAT(answer->trace[0].candidates, SizeIs(4));
  EXPECT_THAT(answer->trace[1].candidates, SizeIs(2));
  EXPECT_THAT(answer->trace[2].candidates, SizeIs(1));
}

TEST_F(SolverTest, ADeadlineEndsTheSearch) {
  context_.deadline = absl::UnixEpoch() + absl::Seconds(10);
  generator_.script = [this](const auto&, const auto& request) {
    MoveClock(absl::Seconds(10));
    return ScriptedGenerator::WellFormed(request);
  };
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(Solve(Ask(search::StageBeam{2, 1})).status()));
  EXPECT_THAT(generator_.requests(), SizeIs(1));
}

TEST_F(SolverTest, CancellationReachesTheGeneratorAndEndsTheSearch) {
  std::stop_source stop;
  context_.cancellation = stop.get_token();
  absl::Notification generating;
  generator_.script =
      [&](const inference::RequestContext& context,
          const auto&) -> absl::StatusOr<inference::GenerateResult> {
    generating.Notify();
    return WaitUntilCancelled(context);
  };
  std::jthread caller([&] {
    generating.WaitForNotification();
    stop.request_stop();
  });
  EXPECT_TRUE(absl::IsCancelled(Solve(Ask(search::StageBeam{2, 1})).status()));
}

TEST_F(SolverTest, CancellationReachesTheJudgeAndIsNoDegradation) {
  std::stop_source stop;
  context_.cancellation = stop.get_token();
  judge_.script = [&](const inference::RequestContext& context,
                      const auto&) -> absl::StatusOr<inference::CompareResult> {
    stop.request_stop();
    return WaitUntilCancelled(context);
  };
  EXPECT_TRUE(absl::IsCancelled(Solve(Ask(search::BestOfN{2})).status()));
}

}  // namespace
}  // namespace stagebeam::orchestrator
