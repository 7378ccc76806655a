#include "libs/search/knock_out.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace stagebeam::search {

KnockOut::KnockOut(std::vector<Entrant> entrants, int keep, int64_t seed)
    : keep_(keep), random_(static_cast<uint64_t>(seed)) {
  std::stable_sort(entrants.begin(), entrants.end(),
                   [](const Entrant& a, const Entrant& b) {
                     return a.likelihood > b.likelihood;
                   });
  std::set<std::string> texts;
  for (Entrant& entrant : entrants) {
    const bool is_new = texts.insert(std::move(entrant.text)).second;
    (is_new ? alive_ : repeats_)
        .push_back({entrant.candidate, entrant.likelihood, 0});
  }
  DrawRound();
}

bool KnockOut::Better(const Fighter& a, const Fighter& b) {
  if (a.wins != b.wins) return a.wins > b.wins;
  if (a.likelihood != b.likelihood) return a.likelihood > b.likelihood;
  return a.candidate < b.candidate;
}

void KnockOut::DrawRound() {
  pairs_.clear();
  const int alive = static_cast<int>(alive_.size());
  const int duels = std::min(alive / 2, alive - keep_);
  if (duels <= 0) return;
  random_.Shuffle(alive_);
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
  DrawRound();
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
