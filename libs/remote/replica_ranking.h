#ifndef STAGEBEAM_LIBS_REMOTE_REPLICA_RANKING_H_
#define STAGEBEAM_LIBS_REMOTE_REPLICA_RANKING_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace stagebeam::remote {

// How one replica stands when a call looks for one.
struct ReplicaStanding {
  std::string address;
  // Calls in flight from here.
  int running = 0;
  // False: its connection is down, or its health is NOT_SERVING.
  bool reachable = true;
  // Until when it cools down after failures; in the past where it does not.
  absl::Time cool_until = absl::InfinitePast();
};

struct RankingRules {
  // A replica takes calls up to this multiple of the mean over the fit ones,
  // this call included; at least 1.
  double load_bound = 1.25;
  // But always this many: engines run several calls as fast as one.
  int always_allowed = 4;
  // Largest share of replicas that failures keep out of the way. More at once
  // is not the replicas' fault, and the rest would not bear their load.
  double largest_ejected_share = 0.5;
};

// Better ones first.
enum class Fitness {
  kFit,
  // Over the load bound.
  kBusy,
  // In cool-down.
  kEjected,
  // Draining, or out of reach.
  kUnreachable,
};

struct RankedReplica {
  // Into the standings.
  size_t index = 0;
  Fitness fitness = Fitness::kFit;
};

// How fit each one is, in the order of `standings`.
std::vector<Fitness> JudgeFitness(std::span<const ReplicaStanding> standings,
                                  const RankingRules& rules, absl::Time now);

// All replicas in the order in which a session tries them: by fitness; among
// equals the one at `home` first (empty: none), and then in the session's
// rendezvous order.
//
// This is consistent hashing with bounded loads, over rendezvous hashing.
// (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded
// Loads", 2018.)
std::vector<RankedReplica> RankReplicas(
    std::string_view session, std::string_view home,
    std::span<const ReplicaStanding> standings, const RankingRules& rules,
    absl::Time now);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_RANKING_H_
