#ifndef STAGEBEAM_LIBS_SEARCH_ROUND_SEARCH_H_
#define STAGEBEAM_LIBS_SEARCH_ROUND_SEARCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/search/contenders.h"
#include "libs/search/knock_out.h"
#include "libs/search/rules.h"
#include "libs/search/search.h"

namespace stagebeam::search {

// A search by any strategy's rules. Not thread-safe.
class RoundSearch final : public Search {
 public:
  RoundSearch(std::unique_ptr<Rules> rules, int64_t seed);

  bool Done() const override { return done_; }
  Ask Next() override;
  absl::Status Tell(Expanded expanded) override;
  absl::Status Tell(Compared compared) override;
  absl::Status Tell(JudgeUnavailable unavailable) override;
  std::optional<Compare> Foresee(const Partial& partial) const override;
  void Shorten(std::string reason) override;
  const std::vector<ExpansionTrace>& trace() const override { return trace_; }
  const Outcome& outcome() const override { return outcome_; }

 private:
  // What the running round has come to, draw by draw.
  struct Progress {
    // Number of the running draw, from 0.
    int draw = 0;
    // Candidates asked for, with the running draw's.
    int asked = 0;
    // The best of earlier draws; none where none of them is eligible.
    std::optional<int> best;
    // Rounds of duels, and duels, of earlier draws.
    int judge_rounds = 0;
    size_t duels = 0;
    // As Standing::confidence.
    std::optional<double> confidence;
  };

  void StartRound();
  // Asks for the candidates of the next round, or finishes.
  void AskForCandidates();
  // The plan of the next round, shortened where that was asked for.
  std::optional<RoundPlan> PlanRound();
  // Asks for `count` more of the running round; `survivors` are its so far.
  void DrawMore(int count, const std::vector<int>& survivors);
  void AskFor(RoundPlan plan);
  Expand MakeExpand() const;
  // None once the search is over.
  const Ask* RunningAsk() const { return done_ ? nullptr : &ask_; }
  void Admit(Expanded expanded);
  // Adds a candidate of the running draw, or one that is missing.
  void Add(std::optional<Candidate> candidate, size_t line,
           std::vector<Contender>& contenders) const;
  // What `partial` says, or nothing where it does not fit the last ask.
  std::optional<std::vector<Contender>> ContendersOf(
      const Partial& partial) const;
  double Likelihood(const std::vector<Contender>& contenders,
                    const Contender& contender) const;
  bool SaidTheSame(const Contender& a, const Contender& b) const;
  KnockOut MakeKnockOut(const std::vector<Contender>& contenders) const;
  // Asks for the next duels, or settles the round.
  void Advance();
  Compare MakeCompare(const std::vector<Contender>& contenders,
                      const KnockOut& knock_out) const;
  // The hint that all contenders share; none where survivors differ in it.
  std::optional<std::string> SharedHint() const;
  // What the judge reads of a candidate, behind its own hint where they differ.
  std::string JudgedText(const Candidate& candidate, size_t line) const;
  // The duels are fought: asks for more candidates, or ends the round.
  void Settle(const std::vector<int>& survivors);
  Standing StandingOf(const std::vector<int>& survivors) const;
  // Least confidence of the duels that `candidate` won after the running draw;
  // what it was before where there were none.
  std::optional<double> ConfidenceIn(int candidate) const;
  // Without survivors the likeliest goes on.
  void EndRound(std::vector<int> survivors);
  void ReportEligible();
  void Finish();
  // Once a kind and stage.
  void Report(DegradationKind kind, std::string detail);

  const std::unique_ptr<Rules> rules_;
  const int64_t seed_;
  std::optional<std::string> shorten_reason_;

  int round_ = -1;
  RoundPlan plan_;
  // Survivors of the last round, best first.
  std::vector<Line> lines_{Line{}};
  std::vector<Contender> contenders_;
  Progress progress_;
  KnockOut knock_out_;

  bool done_ = false;
  Ask ask_;
  // Next() has given ask_ to the caller.
  bool given_ = false;
  std::vector<ExpansionTrace> trace_;
  std::vector<std::pair<DegradationKind, Stage>> reported_;
  Outcome outcome_;
};

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_ROUND_SEARCH_H_
