#include "libs/features/redis_host.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

namespace stagebeam::features {
namespace {

using Endpoints = absl::StatusOr<std::vector<Endpoint>>;

Endpoints UnixEndpoint(const std::string& path) {
  Endpoint endpoint;
  auto* unix_address = reinterpret_cast<sockaddr_un*>(&endpoint.storage);
  unix_address->sun_family = AF_UNIX;
  std::memcpy(unix_address->sun_path, path.data(), path.size());
  endpoint.size = sizeof(sockaddr_un);
  return std::vector<Endpoint>{endpoint};
}

Endpoints AskSystem(const std::string& host, int port, int flags) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string service = absl::StrCat(port);
  if (const int error =
          getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
      error != 0) {
    return absl::UnavailableError(
        absl::StrCat("resolve ", host, ": ", gai_strerror(error)));
  }
  std::vector<Endpoint> endpoints;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Endpoint& endpoint = endpoints.emplace_back();
    std::memcpy(&endpoint.storage, entry->ai_addr, entry->ai_addrlen);
    endpoint.size = entry->ai_addrlen;
  }
  freeaddrinfo(list);
  return endpoints;
}

// What the resolver's thread and the waiting one share; the last one frees it.
struct Question {
  absl::Notification answered;
  Endpoints answer = absl::UnavailableError("not resolved");
};

Endpoints AskSystemWithin(const std::string& host, int port,
                          absl::Time deadline) {
  auto question = std::make_shared<Question>();
  try {
    std::thread([question, host, port] {
      question->answer = AskSystem(host, port, 0);
      question->answered.Notify();
    }).detach();
  } catch (const std::system_error&) {
    return absl::UnavailableError(
        absl::StrCat("resolve ", host, ": no thread"));
  }
  if (!question->answered.WaitForNotificationWithDeadline(deadline)) {
    return absl::DeadlineExceededError(
        absl::StrCat("resolve ", host, ": no answer in time"));
  }
  return question->answer;
}

}  // namespace

absl::StatusOr<std::vector<Endpoint>> FindEndpoints(const RedisAddress& address,
                                                    absl::Time deadline) {
  if (!address.unix_path.empty()) return UnixEndpoint(address.unix_path);
  Endpoints numeric = AskSystem(address.host, address.port, AI_NUMERICHOST);
  return numeric.ok() ? numeric
                      : AskSystemWithin(address.host, address.port, deadline);
}

}  // namespace stagebeam::features
