#ifndef STAGEBEAM_CLI_HEALTH_H_
#define STAGEBEAM_CLI_HEALTH_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace stagebeam::cli {

// What `stagebeam health` was told.
struct HealthConfig {
  std::string server;
  // How long to wait for SERVING; zero asks once.
  absl::Duration wait = absl::ZeroDuration();
};

// Reads the arguments after `health`. INVALID_ARGUMENT names the flag.
absl::StatusOr<HealthConfig> ReadHealthConfig(
    const std::vector<std::string>& arguments);

// The flags of `health`, one a line.
std::string HealthUsage();

// OK once the server says SERVING (grpc.health.v1), and UNAVAILABLE with the
// last answer where it has not by then.
absl::Status CheckHealth(const HealthConfig& config);

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_HEALTH_H_
