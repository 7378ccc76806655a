#ifndef STAGEBEAM_LIBS_REMOTE_CHANNEL_OPTIONS_H_
#define STAGEBEAM_LIBS_REMOTE_CHANNEL_OPTIONS_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/remote/endpoint.h"

namespace stagebeam::remote {

// How connections to a service are made.
struct ChannelOptions {
  // Largest message in either direction.
  int64_t max_message_bytes = 64 << 20;
  // PEM file of the authority that signed the servers' certificates; empty:
  // plain text.
  std::string tls_ca = {};
  // PEM files of this client's own certificate; empty: none.
  std::string tls_cert = {};
  std::string tls_key = {};
  // Sent as "authorization: Bearer <token>"; empty: nothing is sent.
  std::string auth_token = {};
  // Longest pause between attempts to connect: shorter than what a call spends
  // on its attempts, so that it outlasts a server's start.
  absl::Duration max_reconnect_backoff = absl::Milliseconds(300);
  // A connection that is silent for this long during a call is probed, and
  // given up when the probe is not answered in `probe_timeout`.
  absl::Duration probe_interval = absl::Seconds(10);
  absl::Duration probe_timeout = absl::Seconds(5);
};

// Credentials for `options`. NOT_FOUND names a file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ChannelOptions& options);

// A channel of its own (no connection is shared with another channel). It never
// sends compressed messages and leaves retries to its user. Connects on first
// use, and again by itself.
//
// It watches the server's health: while that is not SERVING, new calls are
// UNAVAILABLE at once and the state is TRANSIENT_FAILURE. Running calls go on.
// A server without grpc.health.v1 counts as SERVING.
std::shared_ptr<grpc::Channel> MakeChannel(
    const Endpoint& endpoint, const ChannelOptions& options,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_CHANNEL_OPTIONS_H_
