#ifndef STAGEBEAM_TESTS_CLUSTER_SERVICE_PROCESS_H_
#define STAGEBEAM_TESTS_CLUSTER_SERVICE_PROCESS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/cluster/process.h"

namespace stagebeam::testing {

// Path of a built program, "stagebeam-<kind>", in $STAGEBEAM_BIN.
std::string ProgramPath(const std::string& kind);
// Path of a file of the source tree, $STAGEBEAM_SOURCE.
std::string SourcePath(const std::string& file);

// One service of ours as a process on two ports of its own of 127.0.0.1, with
// the reference checkpoint where it takes one.
class ServiceProcess {
 public:
  // `kind`: encoder, generator, judge, generator-judge or orchestrator. `flags`
  // come behind the ports'. Logs go to `directory`.
  ServiceProcess(std::string kind, std::vector<std::string> flags,
                 const ScratchDirectory& directory);

  // Starts the process and does not wait for it.
  void Launch();
  // Blocks until its health is SERVING. UNAVAILABLE: it ended, with its log;
  // DEADLINE_EXCEEDED.
  absl::Status AwaitServing(absl::Time deadline);

  Process& process() { return *process_; }
  const std::string& address() const { return address_; }
  // A new connection; messages as large as the server's.
  std::shared_ptr<grpc::Channel> NewChannel() const;

  // The metrics page; empty where it does not answer.
  std::string MetricsPage() const;
  // Sum of a family's samples on that page that contain `labels`, e.g.
  // "tier=\"redis\"".
  double Metric(const std::string& family,
                const std::string& labels = "") const;
  // What it wrote to standard error.
  std::string Log() const;

 private:
  const std::string kind_;
  const std::vector<std::string> flags_;
  const int port_;
  const int metrics_port_;
  const std::string address_;
  const std::string log_path_;
  std::unique_ptr<Process> process_;
};

// The body of http://127.0.0.1:`port``path`; empty where nobody answers.
std::string HttpGet(int port, const std::string& path);
// A file's bytes; the test fails where it cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_CLUSTER_SERVICE_PROCESS_H_
