#include "tests/cluster/cluster.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace stagebeam::testing {
namespace {

// For a loaded machine and sanitizers; a healthy start takes a few seconds.
constexpr absl::Duration kStartTime = absl::Minutes(2);

}  // namespace

ClusterShape InFloat32() {
  ClusterShape shape;
  for (const char* kind : {"encoder", "generator", "judge"})
    shape.flags[kind] = {"--dtype=float32"};
  return shape;
}

Cluster::Cluster(const ClusterShape& shape) : shape_(shape) {
  const std::string redis = absl::StrCat("--redis=", redis_.address());
  Add("encoder", shape.encoders, {redis});
  const std::string encoders =
      absl::StrCat("--encoder=", Addresses({"encoder"}));
  Add("generator", shape.generators, {redis, encoders});
  Add("judge", shape.judges, {redis, encoders});
  Add("generator-judge", shape.generator_judges, {redis, encoders});
  Add("orchestrator", shape.orchestrators,
      {absl::StrCat("--encoders=", Addresses({"encoder"})),
       absl::StrCat("--generators=",
                    Addresses({"generator", "generator-judge"})),
       absl::StrCat("--judges=", Addresses({"judge", "generator-judge"}))});
}

void Cluster::Add(const std::string& kind, int count,
                  std::vector<std::string> flags) {
  if (const auto more = shape_.flags.find(kind); more != shape_.flags.end()) {
    flags.insert(flags.end(), more->second.begin(), more->second.end());
  }
  for (int i = 0; i < count; ++i) {
    of(kind).push_back(
        std::make_unique<ServiceProcess>(kind, flags, directory_));
  }
}

std::string Cluster::Addresses(const std::vector<std::string>& kinds) {
  std::vector<std::string> addresses;
  for (const std::string& kind : kinds) {
    for (const auto& replica : of(kind))
      addresses.push_back(replica->address());
  }
  return absl::StrJoin(addresses, ",");
}

void Cluster::Start() {
  ASSERT_NO_FATAL_FAILURE(redis_.Start());
  for (ServiceProcess* service : services()) {
    ASSERT_NO_FATAL_FAILURE(service->Launch());
  }
  const absl::Time deadline = absl::Now() + kStartTime;
  for (ServiceProcess* service : services()) {
    const absl::Status serving = service->AwaitServing(deadline);
    ASSERT_TRUE(serving.ok()) << serving;
  }
}

std::vector<ServiceProcess*> Cluster::services() {
  std::vector<ServiceProcess*> all;
  for (const char* kind :
       {"encoder", "generator", "judge", "generator-judge", "orchestrator"}) {
    for (const auto& replica : of(kind)) all.push_back(replica.get());
  }
  return all;
}

std::string Cluster::Obituaries() {
  std::string text;
  for (ServiceProcess* service : services()) {
    if (service->process().IsRunning()) continue;
    absl::StrAppend(&text, service->address(), " has ended:\n", service->Log());
  }
  return text;
}

std::unique_ptr<orchestrator::v1::OrchestratorService::Stub>
Cluster::NewClient() {
  return orchestrator::v1::OrchestratorService::NewStub(
      orchestrator().NewChannel());
}

}  // namespace stagebeam::testing
