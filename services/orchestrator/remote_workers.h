#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_REMOTE_WORKERS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_REMOTE_WORKERS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/remote/remote_encoder.h"
#include "libs/remote/remote_generator.h"
#include "libs/remote/remote_judge.h"
#include "libs/remote/replica_set.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::orchestrator {

// Where the workers are. Addresses: as remote::ResolveAddresses.
struct RemoteWorkersOptions {
  std::string encoders = "127.0.0.1:50052";
  std::string generators = "127.0.0.1:50053";
  std::string judges = "127.0.0.1:50054";
  remote::ChannelOptions channel;
  int max_attempts = 4;
};

// The three ports over gRPC. Counts every attempt as
// stagebeam_orchestrator_worker_attempts_total{worker,code}.
class RemoteWorkers {
 public:
  // INVALID_ARGUMENT, UNAVAILABLE: an address; NOT_FOUND: a file. Messages name
  // the flag. `metrics` must outlive it. Attempts are spans of `tracer`.
  static absl::StatusOr<std::unique_ptr<RemoteWorkers>> Create(
      const RemoteWorkersOptions& options, serving::Metrics& metrics,
      tracing::Tracer tracer = {});

  inference::Encoder& encoder() { return encoder_; }
  inference::Generator& generator() { return generator_; }
  inference::Judge& judge() { return judge_; }

 private:
  using Replicas = std::unique_ptr<remote::ReplicaSet>;

  RemoteWorkers(Replicas encoders, Replicas generators, Replicas judges);

  const Replicas encoders_;
  const Replicas generators_;
  const Replicas judges_;
  remote::RemoteEncoder encoder_;
  remote::RemoteGenerator generator_;
  remote::RemoteJudge judge_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_REMOTE_WORKERS_H_
