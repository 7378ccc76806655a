#include "libs/serving/config.h"

#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/serving/flag_parser.h"
#include "libs/serving/status_conversion.h"

ABSL_FLAG(std::string, listen, "0.0.0.0:50051",
          "Address of the gRPC port: host:port (port 0: any free one) or "
          "unix:/path");
ABSL_FLAG(std::string, metrics_listen, "0.0.0.0:9100",
          "host:port of the metrics page, for a private network; empty: none");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(30),
          "How long SIGTERM lets running calls go on, [0s, 1h]");
ABSL_FLAG(int64_t, max_message_bytes, 64 << 20,
          "Largest message in either direction, [1024, 1073741824]");
ABSL_FLAG(int, max_concurrent_calls, 256,
          "Calls that run at the same time, [1, 4096]; more are refused");
ABSL_FLAG(std::string, tls_cert, "",
          "PEM file with the server's certificate chain; empty: plain text");
ABSL_FLAG(std::string, tls_key, "", "PEM file with the certificate's key");
ABSL_FLAG(std::string, tls_client_ca, "",
          "PEM file of the authority whose clients alone may connect");
ABSL_FLAG(std::string, auth_tokens_file, "",
          "File with one bearer token a line; empty: no authentication");
ABSL_FLAG(std::string, log_level, "info",
          "Least severe line to log: debug, info, warning or error");
ABSL_FLAG(std::string, otlp_endpoint, "",
          "OpenTelemetry collector that takes spans by OTLP over gRPC: "
          "host:port or unix:/path; empty: no spans are recorded");
ABSL_FLAG(double, trace_sample_ratio, 1,
          "Share of the traces that begin here to record, [0, 1]; those that "
          "callers begin are recorded where their traceparent says so");

namespace stagebeam::serving {
namespace {

constexpr int kConfigExitCode = 2;

absl::StatusOr<LogLevel> ParseLogLevel(const std::string& name) {
  static constexpr std::pair<const char*, LogLevel> kLevels[] = {
      {"debug", LogLevel::kDebug},
      {"info", LogLevel::kInfo},
      {"warning", LogLevel::kWarning},
      {"error", LogLevel::kError}};
  for (const auto& [known, level] : kLevels) {
    if (name == known) return level;
  }
  return InvalidField("log_level", "must be debug, info, warning or error");
}

absl::Status ValidateTls(const ServerOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return InvalidField(options.tls_cert.empty() ? "tls_cert" : "tls_key",
                        "tls_cert and tls_key come together");
  }
  if (!options.tls_client_ca.empty() && options.tls_cert.empty()) {
    return InvalidField("tls_client_ca", "needs tls_cert and tls_key");
  }
  return absl::OkStatus();
}

// What a URL would look like is the usual mistake: "http://collector:4317".
absl::Status ValidateTracing(const ServerOptions& options) {
  const std::string& endpoint = options.otlp_endpoint;
  if (!(options.trace_sample_ratio >= 0 && options.trace_sample_ratio <= 1)) {
    return InvalidField("trace_sample_ratio", "must be within [0, 1]");
  }
  if (endpoint.empty() || absl::StartsWith(endpoint, "unix:/")) {
    return absl::OkStatus();
  }
  const size_t colon = endpoint.rfind(':');
  int port = 0;
  const bool good = colon != std::string::npos && colon > 0 &&
                    endpoint.find('/') == std::string::npos &&
                    absl::SimpleAtoi(endpoint.substr(colon + 1), &port) &&
                    port >= 1 && port <= 65535;
  if (good) return absl::OkStatus();
  return InvalidField(
      "otlp_endpoint",
      absl::StrCat("must be host:port, with a port within [1, 65535] and no "
                   "scheme, or unix:/path, is '",
                   endpoint, "'"));
}

}  // namespace

void ParseCommandLine(int argc, char** argv, std::string_view usage) {
  const absl::StatusOr<bool> help_wanted = ParseFlags(argc, argv);
  const std::string_view program = argc > 0 ? argv[0] : "stagebeam";
  if (!help_wanted.ok()) std::exit(ConfigError(program, help_wanted.status()));
  if (!*help_wanted) return;
  std::fputs(DescribeFlags(program, usage).c_str(), stdout);
  std::exit(0);
}

int ConfigError(std::string_view program, const absl::Status& status) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  std::string message(status.message());
  for (char& character : message) {
    if (character == '\n' || character == '\r') character = ' ';
  }
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(),
               message.c_str());
  return kConfigExitCode;
}

absl::StatusOr<ServerOptions> ServerOptionsFromFlags() {
  const absl::StatusOr<LogLevel> log_level =
      ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  if (!log_level.ok()) return log_level.status();
  ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  options.drain_timeout = absl::GetFlag(FLAGS_drain_timeout);
  options.max_message_bytes = absl::GetFlag(FLAGS_max_message_bytes);
  options.max_concurrent_calls = absl::GetFlag(FLAGS_max_concurrent_calls);
  options.tls_cert = absl::GetFlag(FLAGS_tls_cert);
  options.tls_key = absl::GetFlag(FLAGS_tls_key);
  options.tls_client_ca = absl::GetFlag(FLAGS_tls_client_ca);
  options.auth_tokens_file = absl::GetFlag(FLAGS_auth_tokens_file);
  options.log_level = *log_level;
  options.otlp_endpoint = absl::GetFlag(FLAGS_otlp_endpoint);
  options.trace_sample_ratio = absl::GetFlag(FLAGS_trace_sample_ratio);
  if (absl::Status valid = Validate(options); !valid.ok()) return valid;
  return options;
}

absl::Status Validate(const ServerOptions& options) {
  if (options.listen.empty()) {
    return InvalidField("listen", "must be host:port or unix:/path");
  }
  if (options.drain_timeout < absl::ZeroDuration() ||
      options.drain_timeout > absl::Hours(1)) {
    return InvalidField("drain_timeout", "must be within [0s, 1h]");
  }
  if (options.max_message_bytes < 1024 ||
      options.max_message_bytes > (1 << 30)) {
    return InvalidField("max_message_bytes",
                        "must be within [1024, 1073741824]");
  }
  if (options.max_concurrent_calls < 1 || options.max_concurrent_calls > 4096) {
    return InvalidField("max_concurrent_calls", "must be within [1, 4096]");
  }
  if (absl::Status valid = ValidateTracing(options); !valid.ok()) return valid;
  return ValidateTls(options);
}

}  // namespace stagebeam::serving
