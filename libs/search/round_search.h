#ifndef STAGEBEAM_LIBS_SEARCH_ROUND_SEARCH_H_
#define STAGEBEAM_LIBS_SEARCH_ROUND_SEARCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
  // A candidate of the running round and where it came from.
  struct Contender {
    Candidate candidate;
    // Index into lines_.
    size_t line = 0;
    bool eligible = true;
    // Nobody knows it yet.
    bool missing = false;
  };

  void StartRound();
  // Asks for the candidates of the next round, or finishes.
  void AskForCandidates();
  // The plan of the next round, shortened where that was asked for.
  std::optional<RoundPlan> PlanRound();
  Expand MakeExpand() const;
  absl::Status CheckFits(const Expanded& expanded) const;
  void Admit(Expanded expanded);
  void ReportEligible(int eligible);
  // What `partial` says, or nothing where it does not fit the last ask.
  std::optional<std::vector<Contender>> ContendersOf(
      const Partial& partial) const;
  // Log-probability per token. Of contenders that said the same token by token
  // the first one's: how the others' was rounded must not decide anything.
  double Likelihood(const std::vector<Contender>& contenders,
                    size_t contender) const;
  bool SaidTheSame(const Contender& a, const Contender& b) const;
  KnockOut MakeKnockOut(const std::vector<Contender>& contenders) const;
  // Asks for the next duels, or ends the round.
  void Advance();
  Compare MakeCompare(const std::vector<Contender>& contenders,
                      const KnockOut& knock_out) const;
  // The hint that all contenders share; none where survivors differ in it.
  std::optional<std::string> SharedHint() const;
  // What the judge reads of a contender, behind its own hint where they differ;
  // empty while it is missing.
  std::string JudgedText(const Contender& contender) const;
  void EndRound(const std::vector<int>& survivors);
  int Likeliest() const;
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
