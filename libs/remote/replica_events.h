#ifndef STAGEBEAM_LIBS_REMOTE_REPLICA_EVENTS_H_
#define STAGEBEAM_LIBS_REMOTE_REPLICA_EVENTS_H_

#include <string_view>

#include "absl/status/status.h"

namespace stagebeam::remote {

// Replicas of a set by how they are.
struct ReplicaCounts {
  // Connected, with a server that says SERVING.
  int serving = 0;
  // Not connected yet.
  int connecting = 0;
  // Draining, or out of reach.
  int unreachable = 0;
  // Kept out of the way after failures.
  int ejected = 0;
  // No longer listed, with calls that still run.
  int leaving = 0;

  friend bool operator==(const ReplicaCounts&, const ReplicaCounts&) = default;
};

// Why a session's call was answered by another replica than its last one.
enum class MoveReason {
  // The replica is no longer listed.
  kGone,
  // It drains or is out of reach.
  kUnreachable,
  // The call failed there, or others just before.
  kFailed,
  // It had no room: RESOURCE_EXHAUSTED.
  kFull,
  // It was over the load bound.
  kBusy,
};

// Hears what becomes of a set's replicas. Calls may come from any thread, also
// at once.
class ReplicaObserver {
 public:
  virtual ~ReplicaObserver() = default;

  // A replica was listed, or is no longer; not of those that a set begins with.
  virtual void OnCome(std::string_view address) = 0;
  virtual void OnGo(std::string_view address) = 0;
  // Looking the addresses up went otherwise than the last time: an error, or OK
  // after one.
  virtual void OnLookUp(const absl::Status& status) = 0;
  // At the beginning and after each refresh.
  virtual void OnCounts(const ReplicaCounts& counts) = 0;
  virtual void OnMove(MoveReason reason) = 0;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REPLICA_EVENTS_H_
