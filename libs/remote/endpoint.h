#ifndef STAGEBEAM_LIBS_REMOTE_ENDPOINT_H_
#define STAGEBEAM_LIBS_REMOTE_ENDPOINT_H_

#include <string>

namespace stagebeam::remote {

// Where one replica listens.
struct Endpoint {
  // "host:port", "ip:port", "[ipv6]:port" or "unix:/path".
  std::string address;
  // The name that its TLS certificate must bear where that is not the
  // address's host: pods are found by name and reached by number.
  std::string authority = {};

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_ENDPOINT_H_
