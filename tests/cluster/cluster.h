#ifndef STAGEBEAM_TESTS_CLUSTER_CLUSTER_H_
#define STAGEBEAM_TESTS_CLUSTER_CLUSTER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stagebeam/orchestrator/v1/orchestrator.grpc.pb.h"
#include "tests/cluster/process.h"
#include "tests/cluster/redis_server.h"
#include "tests/cluster/service_process.h"

namespace stagebeam::testing {

// How many processes of each kind, and flags beyond the usual ones.
struct ClusterShape {
  int encoders = 1;
  int generators = 1;
  int judges = 1;
  // Processes that are generator and judge in one, beside the others.
  int generator_judges = 0;
  int orchestrators = 1;
  // By kind: "generator".
  std::map<std::string, std::vector<std::string>> flags = {};
};

// One of each in float32, where an answer does not depend on what is computed
// beside it.
ClusterShape InFloat32();

// A whole cluster of real processes and a Redis, for one test program.
class Cluster {
 public:
  explicit Cluster(const ClusterShape& shape);

  // Starts everything and returns once all of it serves; fails the test where
  // it does not.
  void Start();

  RedisServer& redis() { return redis_; }
  ServiceProcess& encoder(int i = 0) { return *of("encoder")[i]; }
  ServiceProcess& generator(int i = 0) { return *of("generator")[i]; }
  ServiceProcess& judge(int i = 0) { return *of("judge")[i]; }
  ServiceProcess& generator_judge(int i = 0) {
    return *of("generator-judge")[i];
  }
  ServiceProcess& orchestrator(int i = 0) { return *of("orchestrator")[i]; }
  // All services, the orchestrator last.
  std::vector<ServiceProcess*> services();
  std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> NewClient();
  // The logs of services that have ended; empty where all run.
  std::string Obituaries();

 private:
  using Replicas = std::vector<std::unique_ptr<ServiceProcess>>;

  Replicas& of(const std::string& kind) { return replicas_[kind]; }
  void Add(const std::string& kind, int count, std::vector<std::string> flags);
  // Of all replicas of these kinds.
  std::string Addresses(const std::vector<std::string>& kinds);

  const ClusterShape shape_;
  ScratchDirectory directory_;
  RedisServer redis_;
  std::map<std::string, Replicas> replicas_;
};

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_CLUSTER_CLUSTER_H_
