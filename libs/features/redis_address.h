#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_ADDRESS_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace stagebeam::features {

// Where a Redis listens, and who we are to it.
struct RedisAddress {
  // Empty where unix_path is set.
  std::string host = {};
  int port = 6379;
  // Path of a unix socket; empty for TCP.
  std::string unix_path = {};
  // Empty: the default user, or none at all where the password is empty too.
  std::string user = {};
  std::string password = {};
  int database = 0;

  // For messages and for rendezvous: "host:port/db" or the path. No secrets.
  std::string Name() const;

  friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

// Reads "host:port", "redis://[[user]:password@]host[:port][/db]" (user and
// password percent-encoded, IPv6 hosts in brackets), "/path/to/socket" or
// "unix:/path/to/socket". INVALID_ARGUMENT says what is wrong and shows no
// password.
absl::StatusOr<RedisAddress> ParseRedisAddress(std::string_view text);

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_ADDRESS_H_
