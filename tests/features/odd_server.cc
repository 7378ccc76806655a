#include "tests/features/odd_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace stagebeam::testing {
namespace {

// True where `fd` is ready for `events`; false where the end came first.
bool AwaitReady(int fd, short events, int end) {
  pollfd entries[2] = {{end, POLLIN, 0}, {fd, events, 0}};
  poll(entries, 2, -1);
  return entries[0].revents == 0;
}

}  // namespace

OddServer::OddServer(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  EXPECT_EQ(pipe2(end_, O_CLOEXEC), 0);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { AcceptAll(); });
}

OddServer::~OddServer() {
  EXPECT_EQ(write(end_[1], "x", 1), 1);
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  for (int fd : {listener_, end_[0], end_[1]}) close(fd);
}

std::string OddServer::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

void OddServer::AcceptAll() {
  while (AwaitReady(listener_, POLLIN, end_[0])) {
    const int fd =
        accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++accepted_;
    connections_.emplace_back([this, fd] {
      Serve(fd);
      close(fd);
    });
  }
}

bool OddServer::AwaitRequest(int fd) const {
  char buffer[65536];
  if (!AwaitReady(fd, POLLIN, end_[0])) return false;
  return recv(fd, buffer, sizeof(buffer), 0) > 0;
}

bool OddServer::Pause() const {
  pollfd entry = {end_[0], POLLIN, 0};
  return poll(&entry, 1, behaviour_.pause_ms) == 0;
}

void OddServer::Serve(int fd) {
  const std::string& reply = behaviour_.reply;
  while (AwaitRequest(fd)) {
    const size_t piece =
        behaviour_.piece == 0 ? reply.size() : behaviour_.piece;
    for (size_t at = 0; at < reply.size();
         at = behaviour_.endless && at + piece >= reply.size() ? 0
                                                               : at + piece) {
      if (!AwaitReady(fd, POLLOUT, end_[0])) return;
      if (send(fd, reply.data() + at, std::min(piece, reply.size() - at),
               MSG_NOSIGNAL) < 0)
        return;
      if (behaviour_.pause_ms > 0 && !Pause()) return;
    }
    if (behaviour_.hang_up) return;
  }
}

}  // namespace stagebeam::testing
