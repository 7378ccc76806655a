#ifndef STAGEBEAM_LIBS_SERVING_CONFIG_H_
#define STAGEBEAM_LIBS_SERVING_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/serving/logger.h"

namespace stagebeam::serving {

// What every service's process has in common. The defaults serve; --help of
// any service describes the flags behind them.
struct ServerOptions {
  // "host:port" (port 0: any free one) or "unix:/path".
  std::string listen = "0.0.0.0:50051";
  // "host:port" of the metrics page; empty: no page.
  std::string metrics_listen = "0.0.0.0:9100";
  // How long SIGTERM lets running calls go on.
  absl::Duration drain_timeout = absl::Seconds(30);
  // Largest message in either direction.
  int64_t max_message_bytes = 64 << 20;
  // Calls that run at the same time; the next one is refused at once.
  int max_concurrent_calls = 256;
  // PEM files; certificate and key come together, empty: plain text. With
  // `tls_client_ca`, only clients with a certificate of that authority.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  // One bearer token a line; empty: no authentication.
  std::string auth_tokens_file;
  // Least severe line that is logged.
  LogLevel log_level = LogLevel::kInfo;
  // Collector of spans, "host:port" or "unix:/path"; empty: none is recorded.
  std::string otlp_endpoint;
  // Share of the traces that begin here, [0, 1], that is recorded.
  double trace_sample_ratio = 1;
};

// Reads the command line into absl flags, as ParseFlags (flag_parser.h), for
// main(): an error prints one line on stderr and exits with
// code 2; --help prints `usage` and every flag with its default, and exits
// with 0. `usage` is one sentence on the program.
void ParseCommandLine(int argc, char** argv, std::string_view usage);

// For main(): prints "<program>: <message of status>" as one line on stderr.
// Returns 2, the exit code for a bad configuration.
int ConfigError(std::string_view program, const absl::Status& status);

// The shared flags, checked: INVALID_ARGUMENT names the flag and its limit.
absl::StatusOr<ServerOptions> ServerOptionsFromFlags();

// The check alone, for options that did not come from flags.
absl::Status Validate(const ServerOptions& options);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_CONFIG_H_
