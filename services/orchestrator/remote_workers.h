#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_REMOTE_WORKERS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_REMOTE_WORKERS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/remote/remote_encoder.h"
#include "libs/remote/remote_generator.h"
#include "libs/remote/remote_judge.h"
#include "libs/remote/replica_set.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/tracer.h"
#include "services/orchestrator/replica_observer.h"

namespace stagebeam::orchestrator {

// Where the workers are. Addresses: as remote::AddressBook.
struct RemoteWorkersOptions {
  std::string encoders = "127.0.0.1:50052";
  std::string generators = "127.0.0.1:50053";
  std::string judges = "127.0.0.1:50054";
  remote::ChannelOptions channel;
  int max_attempts = 4;
  // How often addresses are looked up again.
  absl::Duration refresh_interval = absl::Seconds(1);
  // As remote::RankingRules.
  double load_bound = 1.25;
};

// The three ports over gRPC. Counts every attempt as
// stagebeam_orchestrator_worker_attempts_total{worker,code}, and shows the
// replicas as ReplicaObserver.
class RemoteWorkers {
 public:
  // INVALID_ARGUMENT: an address; NOT_FOUND: a file. Messages name the flag.
  // `metrics` and `logger` must outlive it; nothing is logged before the first
  // refresh. Attempts are spans of `tracer`.
  static absl::StatusOr<std::unique_ptr<RemoteWorkers>> Create(
      const RemoteWorkersOptions& options, serving::Metrics& metrics,
      const serving::Logger& logger, tracing::Tracer tracer = {});

  inference::Encoder& encoder() { return encoder_; }
  inference::Generator& generator() { return generator_; }
  inference::Judge& judge() { return judge_; }

 private:
  // The replicas of one service, with who watches them.
  struct Replicas {
    std::unique_ptr<ReplicaObserver> observer;
    std::unique_ptr<remote::ReplicaSet> set;
  };

  RemoteWorkers(Replicas encoders, Replicas generators, Replicas judges);

  // `worker`: "encoder"; its flag is the plural.
  static absl::StatusOr<Replicas> MakeReplicas(
      const std::string& worker, const std::string& addresses,
      const RemoteWorkersOptions& options, serving::Metrics& metrics,
      const serving::Logger& logger, const tracing::Tracer& tracer);

  const Replicas encoders_;
  const Replicas generators_;
  const Replicas judges_;
  remote::RemoteEncoder encoder_;
  remote::RemoteGenerator generator_;
  remote::RemoteJudge judge_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_REMOTE_WORKERS_H_
