#include "libs/remote/channel_options.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/serving/grpc_process.h"

namespace stagebeam::remote {
namespace {

// pick_first, gRPC's default, does not watch health.
constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": ""}
})";

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

grpc::ChannelArguments Arguments(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  const int bytes = static_cast<int>(options.max_message_bytes);
  arguments.SetMaxReceiveMessageSize(bytes);
  arguments.SetMaxSendMessageSize(bytes);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);
  // ReplicaSet retries; gRPC's own retries would multiply with it.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Equal channels would share one connection and one fate.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  const int longest = milliseconds(options.max_reconnect_backoff);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   std::min(100, longest));
  // Despite its name: how long one attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, longest);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   milliseconds(options.probe_interval));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   milliseconds(options.probe_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ChannelOptions& options) {
  if (options.tls_ca.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions tls;
  for (const auto& [path, target] :
       {std::pair(&options.tls_ca, &tls.pem_root_certs),
        std::pair(&options.tls_cert, &tls.pem_cert_chain),
        std::pair(&options.tls_key, &tls.pem_private_key)}) {
    absl::StatusOr<std::string> content = ReadFile(*path);
    if (!content.ok()) return content.status();
    *target = *std::move(content);
  }
  return grpc::SslCredentials(tls);
}

std::shared_ptr<grpc::Channel> MakeChannel(
    const Endpoint& endpoint, const ChannelOptions& options,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  serving::KeepGrpcRunning();
  grpc::ChannelArguments arguments = Arguments(options);
  if (!endpoint.authority.empty()) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, endpoint.authority);
  }
  return grpc::CreateCustomChannel(endpoint.address, credentials, arguments);
}

}  // namespace stagebeam::remote
