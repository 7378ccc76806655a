#include "libs/remote/replica.h"

#include <utility>

namespace stagebeam::remote {
namespace {

// Errors that nobody sends on purpose.
bool IsFault(const absl::Status& status) {
  return absl::IsInternal(status) || absl::IsUnknown(status) ||
         absl::IsDataLoss(status);
}

// What says more of the caller than of the replica.
bool SaysNothing(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

Replica::Replica(std::string address, std::shared_ptr<grpc::Channel> channel,
                 ReplicaHealth health)
    : address_(std::move(address)),
      channel_(std::move(channel)),
      health_(health) {
  channel_->GetState(/*try_to_connect=*/true);
}

grpc_connectivity_state Replica::State() const {
  // Reconnects a channel that went idle.
  return channel_->GetState(/*try_to_connect=*/true);
}

void Replica::Begin() {
  absl::MutexLock lock(&mutex_);
  ++running_;
}

void Replica::End() {
  absl::MutexLock lock(&mutex_);
  --running_;
}

void Replica::Learn(const absl::Status& status, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (absl::IsUnavailable(status)) {
    health_.Failed(now);
  } else if (IsFault(status)) {
    health_.Erred(now);
  } else if (!SaysNothing(status)) {
    // An error that the replica thought of is a sign of life.
    health_.Succeeded();
  }
}

ReplicaStanding Replica::Standing() const {
  const grpc_connectivity_state state = State();
  absl::MutexLock lock(&mutex_);
  return {.address = address_,
          .running = running_,
          .reachable = state != GRPC_CHANNEL_TRANSIENT_FAILURE &&
                       state != GRPC_CHANNEL_SHUTDOWN,
          .cool_until = health_.cool_until()};
}

}  // namespace stagebeam::remote
