#include "libs/features/redis_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/features/redis_host.h"

namespace stagebeam::features {
namespace {

// sendmsg takes at most IOV_MAX (1024) parts; commands have a handful.
constexpr size_t kMaxPartsPerCall = 64;

absl::Status SystemError(std::string_view call, int error) {
  return absl::UnavailableError(absl::StrCat(
      std::string(call), ": ", std::generic_category().message(error)));
}

bool IsTransient(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

// Waits until the socket is ready for `events` (or broken, which the next call
// on it will tell).
absl::Status AwaitReady(int fd, short events, absl::Time deadline) {
  while (true) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration())
      return absl::DeadlineExceededError("no answer in time");
    const int64_t milliseconds = absl::ToInt64Milliseconds(left) + 1;
    pollfd entry = {fd, events, 0};
    const int ready = poll(
        &entry, 1, static_cast<int>(std::min<int64_t>(milliseconds, 60'000)));
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return SystemError("poll", errno);
  }
}

absl::Status FinishConnect(int fd, absl::Time deadline) {
  if (absl::Status status = AwaitReady(fd, POLLOUT, deadline); !status.ok())
    return status;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : SystemError("connect", error);
}

absl::Status ConnectTo(int fd, const Endpoint& endpoint, absl::Time deadline) {
  const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.storage);
  if (connect(fd, address, endpoint.size) == 0) return absl::OkStatus();
  // EAGAIN: a unix socket's backlog is full; there is no waiting for it.
  if (errno != EINPROGRESS && errno != EINTR)
    return SystemError("connect", errno);
  return FinishConnect(fd, deadline);
}

// Forgets the first `count` bytes of `parts`.
void Advance(std::vector<iovec>& parts, size_t count) {
  auto part = parts.begin();
  for (; part != parts.end() && count >= part->iov_len; ++part)
    count -= part->iov_len;
  parts.erase(parts.begin(), part);
  if (parts.empty()) return;
  parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + count;
  parts[0].iov_len -= count;
}

// Sends what the socket takes now. Bytes sent, or -1 with errno.
ssize_t SendSome(int fd, std::vector<iovec>& parts) {
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = std::min(parts.size(), kMaxPartsPerCall);
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

absl::StatusOr<RedisSocket> RedisSocket::Connect(const RedisAddress& address,
                                                 absl::Time deadline) {
  const auto endpoints = FindEndpoints(address, deadline);
  if (!endpoints.ok()) return endpoints.status();
  absl::Status failure = absl::UnavailableError("no endpoint");
  for (const Endpoint& endpoint : *endpoints) {
    const int family = endpoint.storage.ss_family;
    RedisSocket socket(
        ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.fd_ < 0) return SystemError("socket", errno);
    failure = ConnectTo(socket.fd_, endpoint, deadline);
    if (!failure.ok()) continue;
    const int on = 1;
    if (family != AF_UNIX)
      setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return socket;
  }
  return failure;
}

RedisSocket::RedisSocket(RedisSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

RedisSocket& RedisSocket::operator=(RedisSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

RedisSocket::~RedisSocket() {
  if (fd_ >= 0) close(fd_);
}

absl::Status RedisSocket::Send(std::span<const std::string_view> parts,
                               absl::Time deadline) {
  std::vector<iovec> left;
  for (std::string_view part : parts) {
    if (!part.empty())
      left.push_back({const_cast<char*>(part.data()), part.size()});
  }
  while (!left.empty()) {
    if (absl::Now() >= deadline)
      return absl::DeadlineExceededError("not sent in time");
    const ssize_t sent = SendSome(fd_, left);
    if (sent >= 0) {
      Advance(left, static_cast<size_t>(sent));
      continue;
    }
    if (!IsTransient(errno)) return SystemError("send", errno);
    if (absl::Status status = AwaitReady(fd_, POLLOUT, deadline); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> RedisSocket::Receive(std::span<char> buffer,
                                            absl::Time deadline) {
  while (true) {
    if (absl::Now() >= deadline)
      return absl::DeadlineExceededError("no answer in time");
    const ssize_t received = recv(fd_, buffer.data(), buffer.size(), 0);
    if (received > 0) return static_cast<size_t>(received);
    if (received == 0) return absl::UnavailableError("connection closed");
    if (!IsTransient(errno)) return SystemError("receive", errno);
    if (absl::Status status = AwaitReady(fd_, POLLIN, deadline); !status.ok())
      return status;
  }
}

bool RedisSocket::HasInput() const {
  pollfd entry = {fd_, POLLIN, 0};
  return poll(&entry, 1, 0) != 0;
}

}  // namespace stagebeam::features
