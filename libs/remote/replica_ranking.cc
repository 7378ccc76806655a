#include "libs/remote/replica_ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libs/remote/rendezvous.h"

namespace stagebeam::remote {
namespace {

using Standings = std::span<const ReplicaStanding>;

// Ejects those that cool down longest, as far as the share allows.
void Eject(Standings standings, double share, absl::Time now,
           std::vector<Fitness>& fitness) {
  std::vector<size_t> cooling;
  for (size_t i = 0; i < standings.size(); ++i) {
    const bool is_cooling = now < standings[i].cool_until;
    if (standings[i].reachable && is_cooling) cooling.push_back(i);
  }
  const size_t most =
      static_cast<size_t>(share * static_cast<double>(standings.size()));
  std::stable_sort(cooling.begin(), cooling.end(), [&](size_t a, size_t b) {
    return standings[a].cool_until > standings[b].cool_until;
  });
  if (cooling.size() > most) cooling.resize(most);
  for (size_t i : cooling) fitness[i] = Fitness::kEjected;
}

// How many calls a fit replica may have, with the one that looks for a place.
int LoadLimit(Standings standings, const RankingRules& rules,
              const std::vector<Fitness>& fitness) {
  int fit = 0;
  int calls = 1;
  for (size_t i = 0; i < standings.size(); ++i) {
    if (fitness[i] != Fitness::kFit) continue;
    ++fit;
    calls += standings[i].running;
  }
  const double bound = rules.load_bound * calls / std::max(1, fit);
  return std::max(rules.always_allowed, static_cast<int>(std::ceil(bound)));
}

}  // namespace

std::vector<Fitness> JudgeFitness(Standings standings,
                                  const RankingRules& rules, absl::Time now) {
  std::vector<Fitness> fitness(standings.size(), Fitness::kFit);
  for (size_t i = 0; i < standings.size(); ++i) {
    if (!standings[i].reachable) fitness[i] = Fitness::kUnreachable;
  }
  Eject(standings, rules.largest_ejected_share, now, fitness);
  const int limit = LoadLimit(standings, rules, fitness);
  for (size_t i = 0; i < standings.size(); ++i) {
    const bool is_full = standings[i].running >= limit;
    if (fitness[i] == Fitness::kFit && is_full) fitness[i] = Fitness::kBusy;
  }
  return fitness;
}

std::vector<RankedReplica> RankReplicas(std::string_view session,
                                        std::string_view home,
                                        Standings standings,
                                        const RankingRules& rules,
                                        absl::Time now) {
  std::vector<std::string> addresses;
  for (const ReplicaStanding& standing : standings) {
    addresses.push_back(standing.address);
  }
  const std::vector<Fitness> fitness = JudgeFitness(standings, rules, now);
  std::vector<RankedReplica> ranked;
  for (size_t index : RendezvousOrder(session, addresses)) {
    ranked.push_back({index, fitness[index]});
  }
  const auto away = [&](const RankedReplica& replica) {
    return home.empty() || addresses[replica.index] != home;
  };
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const RankedReplica& a, const RankedReplica& b) {
                     if (a.fitness != b.fitness) return a.fitness < b.fitness;
                     return away(a) < away(b);
                   });
  return ranked;
}

}  // namespace stagebeam::remote
