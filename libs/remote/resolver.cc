#include "libs/remote/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace stagebeam::remote {
namespace {

constexpr char kDnsScheme[] = "dns:///";
constexpr char kUnixScheme[] = "unix:";

struct HostAndPort {
  std::string host;
  std::string port;
};

// "host:port", with brackets around an IPv6 host.
absl::StatusOr<HostAndPort> SplitAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", address,
        "' is not host:port, unix:/path or dns:///host:port with a port within "
        "[1, 65535]"));
  }
  absl::string_view host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return HostAndPort{std::string(host), absl::StrCat(port)};
}

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

absl::StatusOr<std::vector<std::string>> LookUp(absl::string_view name) {
  const absl::StatusOr<HostAndPort> target = SplitAddress(name);
  if (!target.ok()) return target.status();
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(target->host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat(
        "'", target->host, "' does not resolve: ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found,
                                                                 freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) {
      addresses.push_back(Numeric(*info, target->port));
    }
  }
  // DNS shuffles; the order of replicas must not.
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

absl::StatusOr<std::vector<std::string>> ResolveEntry(absl::string_view entry) {
  if (absl::StartsWith(entry, kDnsScheme)) {
    return LookUp(absl::string_view(entry).substr(sizeof(kDnsScheme) - 1));
  }
  if (!absl::StartsWith(entry, kUnixScheme)) {
    const absl::StatusOr<HostAndPort> target = SplitAddress(entry);
    if (!target.ok()) return target.status();
  }
  return std::vector<std::string>{std::string(entry)};
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveAddresses(
    std::string_view addresses) {
  std::vector<std::string> resolved;
  const absl::string_view list(addresses.data(), addresses.size());
  for (absl::string_view entry : absl::StrSplit(list, ',')) {
    entry = absl::StripAsciiWhitespace(entry);
    absl::StatusOr<std::vector<std::string>> found = ResolveEntry(entry);
    if (!found.ok()) return found.status();
    for (std::string& address : *found) {
      if (std::find(resolved.begin(), resolved.end(), address) ==
          resolved.end()) {
        resolved.push_back(std::move(address));
      }
    }
  }
  return resolved;
}

}  // namespace stagebeam::remote
