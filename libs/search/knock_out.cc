#include "libs/search/knock_out.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace stagebeam::search {

KnockOut::KnockOut(std::vector<Entrant> entrants, std::vector<int> invited,
                   int keep, int64_t seed)
    : keep_(keep), random_(static_cast<uint64_t>(seed)) {
  std::stable_sort(entrants.begin(), entrants.end(),
                   [](const Entrant& a, const Entrant& b) {
                     return a.likelihood > b.likelihood;
                   });
  std::set<std::string> texts;
  for (Entrant& entrant : entrants) {
    const bool is_new =
        !entrant.text || texts.insert(*std::move(entrant.text)).second;
    (is_new ? alive_ : repeats_)
        .push_back({entrant.candidate, entrant.likelihood, 0});
  }
  TakeSeats(std::move(invited));
  MakePairs();
}

bool KnockOut::Better(const Fighter& a, const Fighter& b) {
  if (a.wins != b.wins) return a.wins > b.wins;
  if (a.likelihood != b.likelihood) return a.likelihood > b.likelihood;
  return a.candidate < b.candidate;
}

void KnockOut::TakeSeats(std::vector<int> invited) {
  random_.Shuffle(invited);
  std::map<int, size_t> seats;
  for (size_t seat = 0; seat < invited.size(); ++seat)
    seats[invited[seat]] = seat;
  std::vector<bool> taken(invited.size());
  const auto seat_of_fighter = [&](const Fighter& fighter) {
    return seats.at(fighter.candidate);
  };
  for (const Fighter& fighter : alive_) taken[seat_of_fighter(fighter)] = true;
  std::sort(alive_.begin(), alive_.end(),
            [&](const Fighter& a, const Fighter& b) {
              return seat_of_fighter(a) < seat_of_fighter(b);
            });
  std::stable_partition(alive_.begin(), alive_.end(), [&](const Fighter& f) {
    const size_t neighbour = seat_of_fighter(f) ^ 1;
    return neighbour < taken.size() && taken[neighbour];
  });
}

void KnockOut::MakePairs() {
  pairs_.clear();
  const int alive = static_cast<int>(alive_.size());
  const int duels = std::min(alive / 2, alive - keep_);
  for (int i = 0; i < duels; ++i) {
    pairs_.push_back({alive_[2 * i].candidate, alive_[2 * i + 1].candidate});
  }
}

void KnockOut::Decide(const std::vector<Verdict>& verdicts) {
  std::vector<Fighter> next;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    Fighter winner = alive_[2 * i + (verdicts[i].first_is_better ? 0 : 1)];
    ++winner.wins;
    next.push_back(winner);
  }
  next.insert(next.end(),
              alive_.begin() + static_cast<std::ptrdiff_t>(2 * verdicts.size()),
              alive_.end());
  alive_ = std::move(next);
  ++round_;
  random_.Shuffle(alive_);
  MakePairs();
}

void KnockOut::DecideByLikelihood() {
  std::sort(alive_.begin(), alive_.end(),
            [](const Fighter& a, const Fighter& b) {
              return std::pair(-a.likelihood, a.candidate) <
                     std::pair(-b.likelihood, b.candidate);
            });
  if (alive_.size() > static_cast<size_t>(keep_))
    alive_.resize(static_cast<size_t>(keep_));
  pairs_.clear();
}

std::vector<int> KnockOut::Survivors() const {
  std::vector<Fighter> ranked = alive_;
  std::sort(ranked.begin(), ranked.end(), Better);
  ranked.insert(ranked.end(), repeats_.begin(), repeats_.end());
  if (ranked.size() > static_cast<size_t>(keep_))
    ranked.resize(static_cast<size_t>(keep_));
  std::vector<int> candidates;
  for (const Fighter& fighter : ranked) candidates.push_back(fighter.candidate);
  return candidates;
}

}  // namespace stagebeam::search
