#ifndef STAGEBEAM_LIBS_SEARCH_KNOCK_OUT_H_
#define STAGEBEAM_LIBS_SEARCH_KNOCK_OUT_H_

#include <optional>
#include <string>
#include <vector>

#include "libs/search/random.h"
#include "libs/search/search.h"

namespace stagebeam::search {

// Who takes part in a knock-out.
struct Entrant {
  // Index among the candidates of the expansion.
  int candidate = 0;
  // What the judge reads. Of entrants with equal texts only the likeliest
  // fights. None while nobody knows it: then it is unlike any other.
  std::optional<std::string> text;
  // Log-probability per token.
  double likelihood = 0;
};

// Thins entrants by duels, in rounds of random pairs, until `keep` are left.
//
// A round has as many duels as can be fought at once and are needed: n entrants
// take n - keep duels in at most ceil(log2 n) rounds. Those without a partner
// go on.
//
// In the first round neighbours meet: all candidates that were asked for sit in
// a random order, whether they take part or not, and those whose neighbour
// takes no part meet each other. So one duel's fighters hardly depend on how
// the other candidates come out, and can be known before those are there.
//
// Not thread-safe.
class KnockOut {
 public:
  KnockOut() = default;
  // `invited`: all candidates that could have come, the entrants' among them.
  // Draws pairs from `seed`. keep >= 1.
  KnockOut(std::vector<Entrant> entrants, std::vector<int> invited, int keep,
           int64_t seed);

  // True once no duel is left to fight.
  bool Done() const { return pairs_.empty(); }
  // Duels of this round, as indices of candidates.
  const std::vector<Pair>& pairs() const { return pairs_; }
  // Number of the round, from 0.
  int round() const { return round_; }

  // Verdicts of the round, one a pair: losers leave, the next round is drawn.
  void Decide(const std::vector<Verdict>& verdicts);
  // Lets likelihood decide what is left.
  void DecideByLikelihood();

  // Candidates left: most duels won first, then likeliest. Valid once Done().
  // Fewer than `keep` only where there were fewer entrants.
  std::vector<int> Survivors() const;

 private:
  struct Fighter {
    int candidate = 0;
    double likelihood = 0;
    int wins = 0;
  };
  static bool Better(const Fighter& a, const Fighter& b);
  // Draws the seats of the first round: neighbours go to the front, two by two.
  void TakeSeats(std::vector<int> invited);
  // As many duels as are needed, of those in front.
  void MakePairs();

  int keep_ = 1;
  int round_ = 0;
  RandomStream random_{0};
  std::vector<Fighter> alive_;
  // Entrants whose text an entrant in alive_ or a loser has, likeliest first.
  std::vector<Fighter> repeats_;
  std::vector<Pair> pairs_;
};

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_KNOCK_OUT_H_
