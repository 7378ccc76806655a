#include "services/orchestrator/replica_observer.h"

#include <utility>

namespace stagebeam::orchestrator {
namespace {

using remote::MoveReason;

const char* NameOf(MoveReason reason) {
  switch (reason) {
    case MoveReason::kGone:
      return "gone";
    case MoveReason::kUnreachable:
      return "unreachable";
    case MoveReason::kFailed:
      return "failed";
    case MoveReason::kFull:
      return "full";
    case MoveReason::kBusy:
      break;
  }
  return "busy";
}

}  // namespace

ReplicaObserver::ReplicaObserver(std::string service, serving::Metrics& metrics,
                                 const serving::Logger& logger)
    : service_(std::move(service)), metrics_(metrics), logger_(logger) {
  for (MoveReason reason :
       {MoveReason::kGone, MoveReason::kUnreachable, MoveReason::kFailed,
        MoveReason::kFull, MoveReason::kBusy}) {
    Moves(reason);
  }
  OnCounts({});
}

void ReplicaObserver::OnCome(std::string_view address) {
  logger_.Info("replica came", {{"service", service_}, {"replica", address}});
}

void ReplicaObserver::OnGo(std::string_view address) {
  logger_.Info("replica went", {{"service", service_}, {"replica", address}});
}

void ReplicaObserver::OnLookUp(const absl::Status& status) {
  if (status.ok()) {
    logger_.Info("replicas found again", {{"service", service_}});
  } else {
    logger_.Warning(
        "cannot look replicas up",
        {{"service", service_}, {"reason", std::string(status.message())}});
  }
}

void ReplicaObserver::OnCounts(const remote::ReplicaCounts& counts) {
  SetReplicas("serving", counts.serving);
  SetReplicas("connecting", counts.connecting);
  SetReplicas("unreachable", counts.unreachable);
  SetReplicas("ejected", counts.ejected);
  SetReplicas("leaving", counts.leaving);
}

void ReplicaObserver::OnMove(MoveReason reason) { Moves(reason).Increment(); }

serving::Counter ReplicaObserver::Moves(MoveReason reason) {
  return metrics_.AddCounter(
      "stagebeam_session_moves_total",
      "Calls of sessions that another replica answered than their last one, by "
      "why.",
      {{"service", service_}, {"reason", NameOf(reason)}});
}

void ReplicaObserver::SetReplicas(const char* state, int count) {
  metrics_
      .AddGauge("stagebeam_worker_replicas",
                "Replicas of a service as seen from here, by state.",
                {{"service", service_}, {"state", state}})
      .Set(count);
}

}  // namespace stagebeam::orchestrator
