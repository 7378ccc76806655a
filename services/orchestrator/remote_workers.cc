#include "services/orchestrator/remote_workers.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::orchestrator {
namespace {

// Counts an attempt of a call to `worker`.
void Count(serving::Metrics& metrics, const std::string& worker,
           const remote::AttemptReport& report) {
  const std::string code =
      absl::AsciiStrToLower(absl::StatusCodeToString(report.status.code()));
  metrics
      .AddCounter("stagebeam_orchestrator_worker_attempts_total",
                  "Attempts of calls to workers, by how they ended.",
                  {{"worker", worker}, {"code", code}})
      .Increment();
}

}  // namespace

absl::StatusOr<RemoteWorkers::Replicas> RemoteWorkers::MakeReplicas(
    const std::string& worker, const std::string& addresses,
    const RemoteWorkersOptions& options, serving::Metrics& metrics,
    const serving::Logger& logger, const tracing::Tracer& tracer) {
  auto observer = std::make_unique<ReplicaObserver>(worker, metrics, logger);
  remote::ReplicaSetOptions replicas;
  replicas.tracer = tracer;
  replicas.channel = options.channel;
  replicas.max_attempts = options.max_attempts;
  replicas.refresh_interval = options.refresh_interval;
  replicas.load_bound = options.load_bound;
  replicas.observer = observer.get();
  replicas.on_attempt = [&metrics,
                         worker](const remote::AttemptReport& report) {
    Count(metrics, worker, report);
  };
  auto set = remote::ReplicaSet::Create(addresses, std::move(replicas));
  if (set.ok()) return Replicas{std::move(observer), *std::move(set)};
  return absl::Status(
      set.status().code(),
      absl::StrCat("--", worker, "s: ", set.status().message()));
}

RemoteWorkers::RemoteWorkers(Replicas encoders, Replicas generators,
                             Replicas judges)
    : encoders_(std::move(encoders)),
      generators_(std::move(generators)),
      judges_(std::move(judges)),
      encoder_(*encoders_.set),
      generator_(*generators_.set),
      judge_(*judges_.set) {}

absl::StatusOr<std::unique_ptr<RemoteWorkers>> RemoteWorkers::Create(
    const RemoteWorkersOptions& options, serving::Metrics& metrics,
    const serving::Logger& logger, tracing::Tracer tracer) {
  const auto make = [&](const char* worker, const std::string& addresses) {
    return MakeReplicas(worker, addresses, options, metrics, logger, tracer);
  };
  auto encoders = make("encoder", options.encoders);
  if (!encoders.ok()) return encoders.status();
  auto generators = make("generator", options.generators);
  if (!generators.ok()) return generators.status();
  auto judges = make("judge", options.judges);
  if (!judges.ok()) return judges.status();
  return std::unique_ptr<RemoteWorkers>(new RemoteWorkers(
      *std::move(encoders), *std::move(generators), *std::move(judges)));
}

}  // namespace stagebeam::orchestrator
