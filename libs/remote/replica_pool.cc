#include "libs/remote/replica_pool.h"

#include <algorithm>

namespace stagebeam::remote {
namespace {

bool Contains(const std::vector<std::shared_ptr<Replica>>& replicas,
              std::string_view address) {
  return std::any_of(
      replicas.begin(), replicas.end(),
      [&](const auto& replica) { return replica->address() == address; });
}

// Counts a replica that is listed.
void Count(const Replica& replica, Fitness fitness, ReplicaCounts& counts) {
  const bool is_ready = replica.State() == GRPC_CHANNEL_READY;
  if (fitness == Fitness::kUnreachable) {
    ++counts.unreachable;
  } else if (fitness == Fitness::kEjected) {
    ++counts.ejected;
  } else {
    ++(is_ready ? counts.serving : counts.connecting);
  }
}

}  // namespace

ReplicaLease::ReplicaLease(std::shared_ptr<Replica> replica)
    : replica_(std::move(replica)) {
  replica_->Begin();
}

ReplicaLease::~ReplicaLease() {
  if (replica_ != nullptr) replica_->End();
}

ReplicaPool::Change ReplicaPool::Update(
    const std::vector<Endpoint>& endpoints) {
  absl::MutexLock lock(&mutex_);
  Change change;
  Replicas next;
  for (const Endpoint& endpoint : endpoints) {
    next.push_back(FindOrMake(endpoint));
    if (!Contains(replicas_, endpoint.address)) {
      change.came.push_back(endpoint.address);
    }
  }
  for (const auto& replica : replicas_) {
    if (Contains(next, replica->address())) continue;
    change.went.push_back(replica->address());
    leaving_.push_back(replica);
  }
  replicas_ = std::move(next);
  std::erase_if(leaving_, [](const auto& gone) { return gone.expired(); });
  return change;
}

std::shared_ptr<Replica> ReplicaPool::FindOrMake(
    const Endpoint& endpoint) const {
  for (const auto& replica : replicas_) {
    if (replica->address() == endpoint.address) return replica;
  }
  return std::make_shared<Replica>(endpoint.address, options_.connect(endpoint),
                                   options_.health);
}

std::optional<ReplicaLease> ReplicaPool::Take(
    std::string_view session, std::string_view home,
    const std::set<std::string>& tried) {
  absl::MutexLock lock(&mutex_);
  const std::vector<ReplicaStanding> standings = Standings();
  for (const RankedReplica& ranked : RankReplicas(
           session, home, standings, options_.ranking, options_.now())) {
    if (!tried.contains(standings[ranked.index].address)) {
      // Counted before another call can choose.
      return ReplicaLease(replicas_[ranked.index]);
    }
  }
  return std::nullopt;
}

std::optional<Fitness> ReplicaPool::FitnessOf(std::string_view address) const {
  absl::MutexLock lock(&mutex_);
  const std::vector<Fitness> fitness =
      JudgeFitness(Standings(), options_.ranking, options_.now());
  for (size_t i = 0; i < replicas_.size(); ++i) {
    if (replicas_[i]->address() == address) return fitness[i];
  }
  return std::nullopt;
}

bool ReplicaPool::HasOther(const std::set<std::string>& tried) const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(
      replicas_.begin(), replicas_.end(),
      [&](const auto& replica) { return !tried.contains(replica->address()); });
}

size_t ReplicaPool::size() const {
  absl::MutexLock lock(&mutex_);
  return replicas_.size();
}

std::vector<std::string> ReplicaPool::addresses() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> addresses;
  for (const auto& replica : replicas_) addresses.push_back(replica->address());
  return addresses;
}

ReplicaCounts ReplicaPool::Counts() const {
  absl::MutexLock lock(&mutex_);
  const std::vector<Fitness> fitness =
      JudgeFitness(Standings(), options_.ranking, options_.now());
  ReplicaCounts counts;
  for (size_t i = 0; i < replicas_.size(); ++i) {
    Count(*replicas_[i], fitness[i], counts);
  }
  counts.leaving = static_cast<int>(
      std::count_if(leaving_.begin(), leaving_.end(),
                    [](const auto& gone) { return !gone.expired(); }));
  return counts;
}

std::vector<ReplicaStanding> ReplicaPool::Standings() const {
  std::vector<ReplicaStanding> standings;
  for (const auto& replica : replicas_) {
    standings.push_back(replica->Standing());
  }
  return standings;
}

}  // namespace stagebeam::remote
