#ifndef STAGEBEAM_LIBS_SERVING_SERVER_H_
#define STAGEBEAM_LIBS_SERVING_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/serving/call_runner.h"
#include "libs/serving/config.h"
#include "libs/serving/health_service.h"
#include "libs/serving/http_page.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/serving/shutdown_signal.h"

namespace stagebeam::serving {

// A service to serve: {JudgeService::service_full_name(), &service}.
struct ServedService {
  std::string name;
  grpc::Service* service = nullptr;
};

// A process that serves: the gRPC port with its services, grpc.health.v1 and
// reflection, the metrics page (GET /metrics; GET /healthz, 200 while SERVING
// and 503 otherwise), and the end on SIGTERM or SIGINT.
//
// A main() reads:
//
//   serving::ParseCommandLine(argc, argv, "Judges pairs of candidates.");
//   absl::StatusOr<serving::ServerOptions> options =
//   serving::ServerOptionsFromFlags(); if (!options.ok()) return
//   serving::ConfigError("judge", options.status()); serving::Logger
//   logger(options->log_level); serving::Metrics metrics("judge"); … load the
//   engine, build the judge … auto calls = serving::MakeCallRunner(*options,
//   metrics, logger); if (!calls.ok()) return serving::ConfigError("judge",
//   calls.status()); JudgeService service(*judge, **calls); auto server =
//   serving::Server::Start(
//       *options, {{JudgeService::service_full_name(), &service}}, **calls,
//       metrics, logger);
//   if (!server.ok()) return serving::ConfigError("judge", server.status());
//   (*server)->SetServing();
//   return (*server)->Run();
//
// Thread-safe, but for Run(). Services, runner, metrics and logger must outlive
// it.
class Server {
 public:
  // Opens both ports. Health says NOT_SERVING. Ignores SIGPIPE and raises the
  // limit on file descriptors, for the process.
  //
  // INVALID_ARGUMENT, NOT_FOUND: options or their files. UNAVAILABLE: a port
  // that cannot be had.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options, const std::vector<ServedService>& services,
      CallRunner& calls, Metrics& metrics, const Logger& logger);
  // Ends at once what still runs.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Health says SERVING, once the model answers.
  void SetServing();

  // Blocks until SIGTERM, SIGINT or RequestShutdown(). Then: health says
  // NOT_SERVING, new calls get UNAVAILABLE, running calls finish within
  // drain_timeout, the rest is cancelled. A second signal cuts the wait short.
  // Returns main()'s exit code: 0.
  int Run();
  // As SIGTERM. From any thread.
  void RequestShutdown();

  // The gRPC port; 0 for a unix socket.
  int port() const { return port_; }
  // The metrics page's port; 0 where there is no page.
  int metrics_port() const { return page_ == nullptr ? 0 : page_->port(); }

 private:
  Server(const ServerOptions& options,
         const std::vector<ServedService>& services, CallRunner& calls,
         const Logger& logger);
  // Opens the metrics page.
  absl::Status OpenPage(Metrics& metrics);
  // Opens the gRPC port.
  absl::Status Open(const std::vector<ServedService>& services);
  void Drain();

  const ServerOptions options_;
  CallRunner& calls_;
  const Logger& logger_;
  HealthService health_;
  std::unique_ptr<ShutdownSignal> signal_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<HttpPage> page_;
};

// The runner that `options` ask for, with its authentication.
// `overload_code` and `tracer` as in CallRunnerOptions. Errors as
// Authenticator::FromFile.
absl::StatusOr<std::unique_ptr<CallRunner>> MakeCallRunner(
    const ServerOptions& options, Metrics& metrics, const Logger& logger,
    absl::StatusCode overload_code = absl::StatusCode::kResourceExhausted,
    tracing::Tracer tracer = {});

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_SERVER_H_
