#include "libs/serving/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/serving/authenticator.h"
#include "libs/serving/grpc_process.h"
#include "libs/serving/listener.h"
#include "libs/serving/tls_files.h"

namespace stagebeam::serving {
namespace {

using grpc::health::v1::HealthCheckResponse;

// For handlers to notice that they are cancelled.
constexpr absl::Duration kCancelGrace = absl::Seconds(5);
// For the last bytes of answers, and open streams of reflection clients.
constexpr absl::Duration kTransportGrace = absl::Seconds(1);
// Pings of clients that are no oftener are welcome.
constexpr int kMinPingIntervalMs = 5000;
// Silent clients are probed after this.
constexpr int kKeepaliveTimeMs = 60000;
constexpr int kKeepaliveTimeoutMs = 20000;

void PrepareProcess() {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  WriteGrpcLogAsJson();
  KeepGrpcRunning();
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
}

std::vector<std::string> NamesOf(const std::vector<ServedService>& services) {
  std::vector<std::string> names;
  for (const ServedService& service : services) names.push_back(service.name);
  return names;
}

bool IsUnixAddress(const std::string& address) {
  return absl::StartsWith(address, "unix:");
}

// gRPC says of a port only that it failed; a socket of our own says why.
absl::Status ProbeAddress(const std::string& address) {
  if (IsUnixAddress(address)) return absl::OkStatus();
  const absl::Status status = OpenListener(address).status();
  return absl::Status(status.code(),
                      absl::StrCat("listen: ", status.message()));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsFor(
    const ServerOptions& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  return LoadTlsCredentials(options.tls_cert, options.tls_key,
                            options.tls_client_ca);
}

void SetLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  const int bytes = static_cast<int>(options.max_message_bytes);
  builder.SetMaxReceiveMessageSize(bytes);
  builder.SetMaxSendMessageSize(bytes);
  // Identity only: a small compressed message can grow past every limit before
  // its size is checked.
  builder.AddChannelArgument(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET,
                             1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             2 * options.max_concurrent_calls + 16);
  // A second server on the port is an error, not a rival.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

void SetKeepalive(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      kMinPingIntervalMs);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options, const std::vector<ServedService>& services,
    CallRunner& calls, Metrics& metrics, const Logger& logger) {
  if (absl::Status valid = Validate(options); !valid.ok()) return valid;
  PrepareProcess();
  std::unique_ptr<Server> server(new Server(options, services, calls, logger));
  absl::StatusOr<std::unique_ptr<ShutdownSignal>> signal =
      ShutdownSignal::Install();
  if (!signal.ok()) return signal.status();
  server->signal_ = *std::move(signal);
  if (absl::Status opened = server->OpenPage(metrics); !opened.ok()) {
    return opened;
  }
  if (absl::Status opened = server->Open(services); !opened.ok()) return opened;
  logger.Info("listening", {{"address", options.listen},
                            {"port", server->port()},
                            {"metrics_port", server->metrics_port()}});
  return server;
}

Server::Server(const ServerOptions& options,
               const std::vector<ServedService>& services, CallRunner& calls,
               const Logger& logger)
    : options_(options),
      calls_(calls),
      logger_(logger),
      health_(NamesOf(services)) {}

Server::~Server() {
  if (server_ == nullptr) return;
  health_.Shutdown();
  calls_.CancelRunningCalls();
  server_->Shutdown(std::chrono::system_clock::now());
}

absl::Status Server::OpenPage(Metrics& metrics) {
  if (options_.metrics_listen.empty()) return absl::OkStatus();
  const auto metrics_text = [&metrics] {
    return HttpAnswer{200, "text/plain; version=0.0.4; charset=utf-8",
                      metrics.Text()};
  };
  const auto health = [this] {
    return health_.serving() ? HttpAnswer{.body = "SERVING\n"}
                             : HttpAnswer{.code = 503, .body = "NOT_SERVING\n"};
  };
  absl::StatusOr<std::unique_ptr<HttpPage>> page =
      HttpPage::Listen(options_.metrics_listen,
                       {{"/metrics", metrics_text}, {"/healthz", health}});
  if (!page.ok()) {
    return absl::Status(
        page.status().code(),
        absl::StrCat("metrics_listen: ", page.status().message()));
  }
  page_ = *std::move(page);
  return absl::OkStatus();
}

absl::Status Server::Open(const std::vector<ServedService>& services) {
  const auto credentials = CredentialsFor(options_);
  if (!credentials.ok()) return credentials.status();
  if (absl::Status free = ProbeAddress(options_.listen); !free.ok())
    return free;
  grpc::ServerBuilder builder;
  SetLimits(options_, builder);
  SetKeepalive(builder);
  builder.AddListeningPort(options_.listen, *credentials, &port_);
  builder.RegisterService(&health_);
  for (const ServedService& service : services) {
    builder.RegisterService(service.service);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("listen: cannot listen on ", options_.listen));
  }
  if (IsUnixAddress(options_.listen)) port_ = 0;
  return absl::OkStatus();
}

void Server::SetServing() {
  health_.SetAll(HealthCheckResponse::SERVING);
  logger_.Info("serving");
}

int Server::Run() {
  signal_->Wait();
  Drain();
  return 0;
}

void Server::RequestShutdown() { signal_->Request(); }

void Server::Drain() {
  const absl::Time deadline = absl::Now() + options_.drain_timeout;
  logger_.Info("draining", {{"running_calls", calls_.running_calls()},
                            {"timeout", options_.drain_timeout}});
  // In this order, so that who sees NOT_SERVING knows that calls are refused.
  calls_.RefuseNewCalls();
  health_.SetAll(HealthCheckResponse::NOT_SERVING);
  // Ends with the deadline, with a second signal, or with the last call.
  std::thread patience([this, deadline] {
    signal_->Wait(deadline);
    calls_.CancelRunningCalls();
  });
  const bool idle = calls_.WaitUntilIdle(deadline + kCancelGrace);
  signal_->Request();
  patience.join();
  health_.Shutdown();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + kTransportGrace));
  logger_.Info("stopped", {{"every_call_ended", idle}});
}

absl::StatusOr<std::unique_ptr<CallRunner>> MakeCallRunner(
    const ServerOptions& options, Metrics& metrics, const Logger& logger,
    absl::StatusCode overload_code, tracing::Tracer tracer) {
  Authenticator authenticator;
  if (!options.auth_tokens_file.empty()) {
    absl::StatusOr<Authenticator> loaded =
        Authenticator::FromFile(options.auth_tokens_file);
    if (!loaded.ok()) return loaded.status();
    authenticator = *std::move(loaded);
  }
  return std::make_unique<CallRunner>(
      CallRunnerOptions{.max_concurrent_calls = options.max_concurrent_calls,
                        .overload_code = overload_code,
                        .tracer = tracer},
      std::move(authenticator), metrics, logger);
}

}  // namespace stagebeam::serving
