#include "libs/remote/dns.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace stagebeam::remote {
namespace {

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// "ip:port" of a resolved address.
std::string Numeric(const addrinfo& info, const std::string& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (info.ai_family == AF_INET6) {
    const auto* address = reinterpret_cast<const sockaddr_in6*>(info.ai_addr);
    inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text));
    return absl::StrCat("[", text, "]:", port);
  }
  const auto* address = reinterpret_cast<const sockaddr_in*>(info.ai_addr);
  inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
  return absl::StrCat(text, ":", port);
}

absl::Status DoesNotResolve(const std::string& host, const char* why) {
  return absl::UnavailableError(
      absl::StrCat("'", host, "' does not resolve: ", why));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveHost(const HostPort& name) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int error = getaddrinfo(name.host.c_str(), nullptr, &hints, &first);
  if (error != 0) return DoesNotResolve(name.host, gai_strerror(error));
  const Found owner(first, freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* info = first; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) {
      addresses.push_back(Numeric(*info, name.port));
    }
  }
  if (addresses.empty()) return DoesNotResolve(name.host, "no IP address");
  return addresses;
}

}  // namespace stagebeam::remote
