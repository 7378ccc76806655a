#include "services/orchestrator/early_duels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "libs/search/random.h"
#include "libs/serving/metrics.h"
#include "services/orchestrator/solver.h"
#include "tests/orchestrator/scripted_workers.h"
#include "tests/orchestrator/step_log.h"

namespace stagebeam::orchestrator {
namespace {

using inference::CompareRequest;
using inference::CompareResult;
using inference::GenerateRequest;
using inference::GenerateResult;
using inference::RequestContext;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Far beyond what any step takes: a test that fails waits no longer.
constexpr absl::Duration kPatience = absl::Minutes(1);

// Everything of an answer but what it cost.
std::string Essence(const Answer& answer) {
  std::string text = answer.outcome.answer;
  for (const auto& degradation : answer.outcome.degradations)
    absl::StrAppend(&text, "\n! ", degradation.detail);
  for (const search::ExpansionTrace& expansion : answer.trace) {
    for (const auto& candidate : expansion.candidates)
      absl::StrAppend(&text, "\n", candidate.text);
    for (const auto& duel : expansion.duels) {
      absl::StrAppend(&text, "\n", duel.first, " or ", duel.second, ": ",
                      duel.winner, " ", duel.confidence, " ", duel.rationale);
    }
    for (int survivor : expansion.survivors)
      absl::StrAppend(&text, "\n=> ", survivor);
  }
  return text;
}

// Verdicts that hang on what a judge is asked about the pair and on nothing
// else, as a written one would.
CompareResult Judged(const CompareRequest& request) {
  CompareResult result;
  for (const inference::Pair& pair : request.pairs) {
    const std::string about = absl::StrCat(
        request.candidates[pair.first], "|", request.candidates[pair.second],
        "|", request.hint, "|", request.seed, "|", pair.stream.value_or(-1),
        "|", static_cast<int>(request.subject));
    const size_t hash = std::hash<std::string>()(about);
    result.verdicts.push_back({.first_is_better = hash % 2 == 0,
                               .confidence = 0.75,
                               .rationale = absl::StrCat(hash % 1000),
                               .unparsed = false});
  }
  result.usage.prompt_token_count =
      100 * static_cast<int>(request.pairs.size());
  return result;
}

class EarlyDuelsTest : public testing::Test {
 protected:
  absl::StatusOr<Answer> Solve(const Question& question, bool early) {
    Solver solver({.encoder = encoder_,
                   .generator = generator_,
                   .judge = judge_,
                   .fan_out = fan_out_,
                   .judge_timeout = absl::Minutes(1),
                   .now = [] { return absl::UnixEpoch(); },
                   .early_duels = early ? &early_ : nullptr},
                  solver_metrics_);
    return solver.Solve(context_, question, log_);
  }
  // With early duels; must succeed.
  Answer SolveEarly(const Question& question) {
    auto answer = Solve(question, true);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : Answer();
  }
  Question AskWithNewcomers(int* other_newcomer);
  // The first duel of `question` where none is fought early.
  search::TracedDuel FirstDuel(const Question& question) {
    const auto answer = Solve(question, false);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer->trace[0].duels[0];
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

  // Tells of the candidates of `result` but for `last`, runs `meanwhile`, and
  // tells of the last one.
  static GenerateResult Tell(GenerateResult result,
                             const inference::CandidateListener& on_end,
                             int last, const std::function<void()>& meanwhile) {
    const int count = static_cast<int>(result.candidates.size());
    for (int i = 0; i < count; ++i) {
      if (i != last) on_end({{i, result.candidates[i]}});
    }
    meanwhile();
    on_end({{last, result.candidates[last]}});
    return result;
  }

  // A generator whose slowest candidate ends once the judge has been called.
  void RunSlowest(int candidate) {
    generator_.stream_script = [this, candidate](const RequestContext&,
                                                 const GenerateRequest& request,
                                                 const auto& on_end) {
      return Tell(ScriptedGenerator::WellFormed(request), on_end, candidate,
                  [this] { AwaitJudge(); });
    };
  }
  void AwaitJudge() {
    EXPECT_TRUE(judging_.WaitForNotificationWithTimeout(kPatience));
  }

  ScriptedEncoder encoder_;
  ScriptedGenerator generator_;
  ScriptedJudge judge_;
  absl::Notification judging_;
  FanOut fan_out_{4};
  FanOut early_{4};
  serving::Metrics metrics_{"orchestrator"};
  SolverMetrics solver_metrics_{metrics_};
  StepLog log_;
  RequestContext context_;
};

// The one of three candidates that is in no duel of the first round.
int Bystander(const search::TracedDuel& duel) {
  return 3 - duel.first - duel.second;
}

TEST_F(EarlyDuelsTest, ADuelIsJudgedWhileAnotherCandidateRuns) {
  const Question question = Ask(search::BestOfN{3});
  const search::TracedDuel duel = FirstDuel(question);
  const size_t before = judge_.requests().size();
  judge_.script = [this](const RequestContext& context,
                         const CompareRequest& request) {
    EXPECT_EQ(context.deadline, absl::UnixEpoch() + absl::Minutes(1));
    if (!judging_.HasBeenNotified()) judging_.Notify();
    return Judged(request);
  };
  RunSlowest(Bystander(duel));
  const Answer answer = SolveEarly(question);
  EXPECT_EQ(answer.cost.early_duels.used, 1);
  EXPECT_EQ(answer.cost.early_duels.wasted, 0);
  EXPECT_EQ(answer.cost.duel_count, 2);
  // One call for the first round, made early, and one for the second.
  const auto requests = judge_.requests();
  ASSERT_THAT(requests, SizeIs(before + 2));
  const CompareRequest& early = requests[before];
  ASSERT_THAT(early.pairs, SizeIs(1));
  EXPECT_EQ(early.pairs[0].first, duel.first);
  EXPECT_EQ(early.pairs[0].second, duel.second);
  EXPECT_EQ(early.pairs[0].stream, duel.first);
  EXPECT_EQ(early.candidates[Bystander(duel)], "");
  EXPECT_EQ(early.session_id, "r-1");
  EXPECT_THAT(
      metrics_.Text(),
      HasSubstr(
          "stagebeam_orchestrator_early_duels_total{outcome=\"used\"} 1"));
}

// Each expansion ends once some of its duels have begun.
TEST_F(EarlyDuelsTest, AnswersAreTheSameWhereDuelsAreFoughtEarly) {
  absl::Mutex mutex;
  int calls = 0;
  judge_.script = [&](const RequestContext&, const CompareRequest& request) {
    absl::MutexLock lock(&mutex);
    ++calls;
    return Judged(request);
  };
  generator_.stream_script = [&](const RequestContext&,
                                 const GenerateRequest& request,
                                 const auto& on_end) {
    const int last =
        static_cast<int>(request.sampling.seed % request.candidate_count);
    mutex.Lock();
    const int before = calls;
    mutex.Unlock();
    return Tell(ScriptedGenerator::WellFormed(request), on_end, last, [&] {
      const auto called = [&] { return calls > before; };
      absl::MutexLock lock(&mutex);
      EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&called), kPatience));
    });
  };
  for (int seed = 0; seed < 40; ++seed) {
    const int candidates = 4 + seed % 6;
    Question question = Ask(search::StageBeam{candidates, 1});
    question.sampling.seed = seed;
    const auto plain = Solve(question, false);
    ASSERT_TRUE(plain.ok()) << plain.status();
    const Answer early = SolveEarly(question);
    EXPECT_EQ(Essence(early), Essence(*plain)) << seed;
    EXPECT_GE(early.cost.early_duels.used, 4);
    EXPECT_EQ(early.cost.early_duels.wasted, 0);
    EXPECT_EQ(early.cost.duel_count, plain->cost.duel_count);
    EXPECT_EQ(early.cost.prompt_token_count, plain->cost.prompt_token_count);
  }
}

// An adaptive beam of two and two more candidates, seeded so that the best of
// the first stage's first draw meets a newcomer next.
Question EarlyDuelsTest::AskWithNewcomers(int* other_newcomer) {
  Question question = Ask(search::AdaptiveBeam{4, 2, 0.9, 0.8});
  for (question.sampling.seed = 1;; ++question.sampling.seed) {
    const auto plain = Solve(question, false);
    EXPECT_TRUE(plain.ok()) << plain.status();
    const auto& duels = plain->trace[0].duels;
    const int best = duels[0].winner;
    if (duels[1].first != best && duels[1].second != best) continue;
    // Of the newcomers 2 and 3.
    *other_newcomer = 5 - (duels[1].first + duels[1].second - best);
    return question;
  }
}

TEST_F(EarlyDuelsTest, TheBestSoFarMeetsANewcomerWhileAnotherRuns) {
  int slowest = 0;
  const Question question = AskWithNewcomers(&slowest);
  const size_t before = judge_.requests().size();
  judge_.script = [&](const RequestContext&, const CompareRequest& request) {
    // The first call is of the first draw, in which no duel can be early.
    if (judge_.requests().size() == before + 2) judging_.Notify();
    return ScriptedJudge::SecondWins(request);
  };
  generator_.stream_script = [&](const RequestContext&,
                                 const GenerateRequest& request,
                                 const auto& on_end) {
    EXPECT_EQ(request.first_candidate_index, 2);
    return Tell(ScriptedGenerator::WellFormed(request), on_end, slowest - 2,
                [this] { AwaitJudge(); });
  };
  const Answer answer = SolveEarly(question);
  EXPECT_GE(answer.cost.early_duels.used, 1);
  EXPECT_EQ(answer.cost.early_duels.wasted, 0);
  EXPECT_EQ(answer.cost.duel_count, 12);
}

// Candidates that are not closed, and that repeat one another.
GenerateResult Unruly(const GenerateRequest& request) {
  GenerateResult result = ScriptedGenerator::WellFormed(request);
  search::RandomStream random(static_cast<uint64_t>(request.sampling.seed) *
                                  17 +
                              request.sampling.stage_index);
  for (inference::Candidate& candidate : result.candidates) {
    const auto kind = random.Below(5);
    candidate.logprob = -static_cast<double>(random.Below(10));
    if (kind == 0) candidate.text = result.candidates[0].text;
    if (kind == 1) candidate.text.resize(candidate.text.size() / 2);
  }
  return result;
}

TEST_F(EarlyDuelsTest, AnswersAreTheSameWhereGuessesAreWrong) {
  judge_.script = [](const RequestContext&, const CompareRequest& request) {
    return Judged(request);
  };
  generator_.script = [](const RequestContext&,
                         const GenerateRequest& request) {
    return Unruly(request);
  };
  generator_.stream_script = [](const RequestContext&,
                                const GenerateRequest& request,
                                const auto& on_end) {
    return Tell(Unruly(request), on_end, 0, [] {});
  };
  for (int seed = 0; seed < 200; ++seed) {
    Question question = Ask(search::StageBeam{3 + seed % 7, 1 + seed % 3});
    // Surer than the judge ever is, so that stages take several draws.
    if (seed % 2 == 0)
      question.strategy =
          search::AdaptiveBeam{3 + seed % 7, 1 + seed % 3, 1, 1};
    question.sampling.seed = seed;
    const auto plain = Solve(question, false);
    ASSERT_TRUE(plain.ok()) << plain.status();
    const Answer early = SolveEarly(question);
    ASSERT_EQ(Essence(early), Essence(*plain)) << seed;
    EXPECT_GE(early.cost.duel_count, plain->cost.duel_count);
  }
}

// The slowest of three candidates repeats one that fights already, and is the
// likelier of the two: it takes its place.
class WrongGuess : public EarlyDuelsTest {
 protected:
  WrongGuess() : question_(Ask(search::BestOfN{3})) {
    const search::TracedDuel duel = FirstDuel(question_);
    generator_.stream_script = [this, duel](const RequestContext&,
                                            const GenerateRequest& request,
                                            const auto& on_end) {
      GenerateResult result = ScriptedGenerator::WellFormed(request);
      const int last = Bystander(duel);
      result.candidates[last].text = result.candidates[duel.first].text;
      result.candidates[last].logprob = -0.1;
      return Tell(result, on_end, last, [this] { AwaitJudge(); });
    };
  }

  const Question question_;
};

TEST_F(WrongGuess, IsCancelledAndCostsNothingButItself) {
  judge_.script =
      [this](const RequestContext& context,
             const CompareRequest& request) -> absl::StatusOr<CompareResult> {
    if (judging_.HasBeenNotified()) return Judged(request);
    judging_.Notify();
    return WaitUntilCancelled(context);
  };
  const Answer answer = SolveEarly(question_);
  EXPECT_EQ(answer.cost.early_duels.used, 0);
  EXPECT_EQ(answer.cost.early_duels.wasted, 1);
  EXPECT_EQ(answer.cost.duel_count, 1);
  EXPECT_THAT(answer.trace[0].duels, SizeIs(1));
  EXPECT_THAT(answer.outcome.degradations, IsEmpty());
}

TEST_F(WrongGuess, ThatWasJudgedIsPartOfTheCost) {
  judge_.script = [&](const RequestContext&, const CompareRequest& request) {
    if (!judging_.HasBeenNotified()) judging_.Notify();
    return Judged(request);
  };
  const Answer answer = SolveEarly(question_);
  EXPECT_EQ(answer.cost.early_duels.wasted, 1);
  EXPECT_EQ(answer.cost.duel_count, 2);
  EXPECT_EQ(answer.cost.prompt_token_count, 10 + 200);
  EXPECT_THAT(answer.trace[0].duels, SizeIs(1));
}

TEST_F(EarlyDuelsTest, ADuelThatFailsIsAskedForAgain) {
  const Question question = Ask(search::StageBeam{3, 1});
  const search::TracedDuel duel = FirstDuel(question);
  const size_t before = judge_.requests().size();
  judge_.script =
      [this](const RequestContext&,
             const CompareRequest& request) -> absl::StatusOr<CompareResult> {
    if (judging_.HasBeenNotified()) return Judged(request);
    judging_.Notify();
    return absl::UnavailableError("nobody there");
  };
  RunSlowest(Bystander(duel));
  const Answer answer = SolveEarly(question);
  EXPECT_THAT(answer.outcome.degradations, IsEmpty());
  EXPECT_EQ(answer.cost.early_duels.failed, 1);
  // Nobody bothers that judge early again: two calls a stage.
  EXPECT_EQ(answer.cost.early_duels.used, 0);
  EXPECT_THAT(judge_.requests(), SizeIs(before + 1 + 4 * 2));
  EXPECT_EQ(answer.cost.duel_count, 4 * 2);
}

TEST_F(EarlyDuelsTest, AWrongNumberOfEarlyVerdictsIsNoVerdict) {
  const Question question = Ask(search::BestOfN{3});
  RunSlowest(Bystander(FirstDuel(question)));
  judge_.script = [this](const RequestContext&, const CompareRequest& request) {
    if (judging_.HasBeenNotified()) return Judged(request);
    judging_.Notify();
    return CompareResult();
  };
  const Answer answer = SolveEarly(question);
  EXPECT_EQ(answer.cost.early_duels.failed, 1);
  EXPECT_THAT(answer.outcome.degradations, IsEmpty());
}

TEST_F(EarlyDuelsTest, CancellationReachesADuelThatWasBegunEarly) {
  const Question question = Ask(search::BestOfN{3});
  const search::TracedDuel duel = FirstDuel(question);
  std::stop_source stop;
  context_.cancellation = stop.get_token();
  judge_.script = [this](
                      const RequestContext& context,
                      const CompareRequest&) -> absl::StatusOr<CompareResult> {
    judging_.Notify();
    return WaitUntilCancelled(context);
  };
  generator_.stream_script =
      [&](const RequestContext&, const GenerateRequest& request,
          const auto& on_end) -> absl::StatusOr<GenerateResult> {
    Tell(ScriptedGenerator::WellFormed(request), on_end, Bystander(duel), [&] {
      AwaitJudge();
      stop.request_stop();
    });
    return absl::CancelledError("the caller has gone");
  };
  EXPECT_TRUE(absl::IsCancelled(Solve(question, true).status()));
}

TEST_F(EarlyDuelsTest, NobodyListensWhereThereIsNothingToGain) {
  generator_.stream_script = [](const auto&, const auto& request, const auto&) {
    ADD_FAILURE() << "with a listener";
    return ScriptedGenerator::WellFormed(request);
  };
  // Both candidates of a pair have ended: nobody else runs.
  EXPECT_TRUE(Solve(Ask(search::StageBeam{2, 1}), true).ok());
  EXPECT_TRUE(Solve(Ask(search::SinglePass{}), true).ok());
  EXPECT_TRUE(Solve(Ask(search::StageBeam{4, 1}), false).ok());
}

TEST_F(EarlyDuelsTest, ThreadsThatAreAllBusyFightNothingEarly) {
  FanOut busy(1);
  absl::Notification done;
  ASSERT_TRUE(busy.TryRun([&] { done.WaitForNotification(); }));
  judge_.script = [](const RequestContext&, const CompareRequest& request) {
    return Judged(request);
  };
  generator_.stream_script = [](const RequestContext&,
                                const GenerateRequest& request,
                                const auto& on_end) {
    return Tell(ScriptedGenerator::WellFormed(request), on_end, 0, [] {});
  };
  Solver solver({.encoder = encoder_,
                 .generator = generator_,
                 .judge = judge_,
                 .fan_out = fan_out_,
                 .early_duels = &busy},
                solver_metrics_);
  const auto answer =
      solver.Solve(context_, Ask(search::StageBeam{6, 1}), log_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->cost.early_duels.used, 0);
  EXPECT_THAT(judge_.requests(), SizeIs(4 * 3));
  done.Notify();
}

// Early duels alone, over a search for the best of three.
class EarlyDuelsAlone : public testing::Test {
 protected:
  EarlyDuelsAlone()
      : search_(*search::MakeSearch(search::BestOfN{3}, 1)),
        expand_(std::get<search::Expand>(search_->Next())) {}

  static search::Candidate Response(int index) {
    return {absl::StrCat("<CONCLUSION> ", index, " </CONCLUSION>"),
            {1},
            search::Finish::kEndOfTurn,
            -1};
  }
  // What the search asks once all candidates are there.
  search::Compare Asked() {
    search::Expanded expanded{{{Response(0), Response(1), Response(2)}}, {}};
    EXPECT_TRUE(search_->Tell(std::move(expanded)).ok());
    return std::get<search::Compare>(search_->Next());
  }

  const std::unique_ptr<search::Search> search_;
  const search::Expand expand_;
  FanOut threads_{2};
  std::atomic<int> calls_ = 0;
  EarlyDuels duels_{*search_, expand_, threads_,
                    [this](const search::Compare& compare) {
                      return [this, pairs = compare.pairs.size()](auto) {
                        ++calls_;
                        CompareResult result;
                        result.verdicts.resize(pairs);
                        return absl::StatusOr<CompareResult>(result);
                      };
                    },
                    std::stop_token()};
};

TEST_F(EarlyDuelsAlone, TheLastCandidateBeginsNone) {
  const search::Pair duel =
      search_->Foresee({{{Response(0), Response(1), Response(2)}}})->pairs[0];
  const int bystander = 3 - duel.first - duel.second;
  for (int candidate : {bystander, duel.first, duel.second})
    duels_.CandidatesEnded(0, {{candidate, Response(candidate)}});
  EXPECT_THAT(duels_.Claim(Asked()), ElementsAre(0));
  const EarlyDuels::Tally tally = duels_.Close();
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(tally.counts.wasted + tally.decided, 0);
}

TEST_F(EarlyDuelsAlone, CandidatesThatAllEndTogetherBeginNone) {
  duels_.CandidatesEnded(
      0, {{0, Response(0)}, {1, Response(1)}, {2, Response(2)}});
  EXPECT_THAT(duels_.Claim(Asked()), ElementsAre(0));
  duels_.Close();
  EXPECT_EQ(calls_, 0);
}

TEST_F(EarlyDuelsAlone, AFailedBranchEndsForesight) {
  duels_.BranchFailed();
  for (int candidate : {0, 1, 2})
    duels_.CandidatesEnded(0, {{candidate, Response(candidate)}});
  EXPECT_THAT(duels_.Claim(Asked()), ElementsAre(0));
  duels_.Close();
  EXPECT_EQ(calls_, 0);
}

TEST_F(EarlyDuelsAlone, ACandidateThatIsToldAgainIsIgnored) {
  for (int i = 0; i < 3; ++i) duels_.CandidatesEnded(0, {{1, Response(1)}});
  duels_.CandidatesEnded(0, {{-1, Response(0)}, {3, Response(0)}});
  EXPECT_THAT(duels_.Claim(Asked()), ElementsAre(0));
  EXPECT_EQ(duels_.Close().decided, 0);
}

}  // namespace
}  // namespace stagebeam::orchestrator
