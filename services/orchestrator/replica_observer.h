#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_REPLICA_OBSERVER_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_REPLICA_OBSERVER_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/remote/replica_events.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"

namespace stagebeam::orchestrator {

// Shows what becomes of one service's replicas: as
// stagebeam_worker_replicas{service,state} and
// stagebeam_session_moves_total{service,reason}, and as log lines where one
// comes or goes, or where addresses cannot be looked up. Thread-safe.
class ReplicaObserver final : public remote::ReplicaObserver {
 public:
  // `service`: "generator". `metrics` and `logger` must outlive it. Every
  // series starts at 0.
  ReplicaObserver(std::string service, serving::Metrics& metrics,
                  const serving::Logger& logger);

  void OnCome(std::string_view address) override;
  void OnGo(std::string_view address) override;
  void OnLookUp(const absl::Status& status) override;
  void OnCounts(const remote::ReplicaCounts& counts) override;
  void OnMove(remote::MoveReason reason) override;

 private:
  serving::Counter Moves(remote::MoveReason reason);
  void SetReplicas(const char* state, int count);

  const std::string service_;
  serving::Metrics& metrics_;
  const serving::Logger& logger_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_REPLICA_OBSERVER_H_
