#include "cli/health.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/ask_config.h"
#include "cli/flag_set.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace stagebeam::cli {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// A server that is up answers a question about its health at once.
constexpr absl::Duration kOneCheck = absl::Seconds(5);

FlagSet MakeFlags(HealthConfig* config) {
  FlagSet flags;
  flags.Add("server", "HOST:PORT",
            "any service; default: $STAGEBEAM_SERVER or 127.0.0.1:50051",
            &config->server);
  flags.Add("wait", "TIME",
            "how long to wait for it to serve; default: ask once",
            &config->wait);
  return flags;
}

// Reads states until SERVING or the stream's end. Says how it ended.
std::string WatchOnce(Health::Stub& stub, absl::Time deadline,
                      bool wait_for_ready) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  context.set_wait_for_ready(wait_for_ready);
  const auto reader = stub.Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  std::string last = "no answer";
  while (reader->Read(&response)) {
    last = HealthCheckResponse::ServingStatus_Name(response.status());
    if (response.status() == HealthCheckResponse::SERVING) context.TryCancel();
    // One question, one answer: only waiting is worth reading on.
    if (!wait_for_ready) context.TryCancel();
  }
  const grpc::Status status = reader->Finish();
  if (last == "no answer" && !status.error_message().empty())
    last = status.error_message();
  return last;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& server) {
  grpc::ChannelArguments arguments;
  // The backoff paces the wait for a server that is not up yet.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

std::string HealthUsage() {
  HealthConfig config;
  return MakeFlags(&config).Usage();
}

absl::StatusOr<HealthConfig> ReadHealthConfig(
    const std::vector<std::string>& arguments) {
  HealthConfig config;
  config.server = DefaultServer();
  const absl::StatusOr<std::vector<std::string>> others =
      MakeFlags(&config).Parse(arguments);
  if (!others.ok()) return others.status();
  if (!others->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument '", others->front(), "'"));
  }
  if (config.wait < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--wait: must be at least 0s");
  }
  return config;
}

absl::Status CheckHealth(const HealthConfig& config) {
  const bool waits = config.wait > absl::ZeroDuration();
  const absl::Time deadline = absl::Now() + (waits ? config.wait : kOneCheck);
  const auto stub = Health::NewStub(Connect(config.server));
  std::string last;
  do {
    last = WatchOnce(*stub, deadline, waits);
    if (last == "SERVING") return absl::OkStatus();
  } while (waits && absl::Now() < deadline);
  return absl::UnavailableError(absl::StrCat(config.server, ": ", last));
}

}  // namespace stagebeam::cli
