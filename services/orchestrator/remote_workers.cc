#include "services/orchestrator/remote_workers.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::orchestrator {
namespace {

// `worker`: "encoder"; its flag is the plural.
absl::StatusOr<std::unique_ptr<remote::ReplicaSet>> MakeReplicas(
    const std::string& worker, const std::string& addresses,
    const RemoteWorkersOptions& options, serving::Metrics& metrics,
    const tracing::Tracer& tracer) {
  remote::ReplicaSetOptions replicas;
  replicas.tracer = tracer;
  replicas.channel = options.channel;
  replicas.max_attempts = options.max_attempts;
  replicas.on_attempt = [&metrics,
                         worker](const remote::AttemptReport& report) {
    const std::string code =
        absl::AsciiStrToLower(absl::StatusCodeToString(report.status.code()));
    metrics
        .AddCounter("stagebeam_orchestrator_worker_attempts_total",
                    "Attempts of calls to workers, by how they ended.",
                    {{"worker", worker}, {"code", code}})
        .Increment();
  };
  auto made = remote::ReplicaSet::Create(addresses, std::move(replicas));
  if (made.ok()) return made;
  return absl::Status(
      made.status().code(),
      absl::StrCat("--", worker, "s: ", made.status().message()));
}

}  // namespace

RemoteWorkers::RemoteWorkers(Replicas encoders, Replicas generators,
                             Replicas judges)
    : encoders_(std::move(encoders)),
      generators_(std::move(generators)),
      judges_(std::move(judges)),
      encoder_(*encoders_),
      generator_(*generators_),
      judge_(*judges_) {}

absl::StatusOr<std::unique_ptr<RemoteWorkers>> RemoteWorkers::Create(
    const RemoteWorkersOptions& options, serving::Metrics& metrics,
    tracing::Tracer tracer) {
  const auto make = [&](const std::string& worker,
                        const std::string& addresses) {
    return MakeReplicas(worker, addresses, options, metrics, tracer);
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
