#include "tests/cluster/redis_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace stagebeam::testing {
namespace {

// Reads a log until `text` comes or the log ends. True where it came.
bool AwaitText(int fd, const std::string& text) {
  std::string log;
  char buffer[4096];
  while (log.find(text) == log.npos) {
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count <= 0) return false;
    log.append(buffer, static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments, int port)
    : arguments_(std::move(arguments)), port_(port) {}

void RedisServer::Start() {
  std::vector<std::string> argv = {
      "redis-server",   "--port",    absl::StrCat(port_),
      "--bind",         "127.0.0.1", "--unixsocket",
      address(),        "--save",    "",
      "--appendonly",   "no",        "--dir",
      directory_.path()};
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  int log[2];
  ASSERT_EQ(pipe2(log, O_CLOEXEC), 0);
  auto process = Process::Start(argv, {.stdout_fd = log[1]});
  close(log[1]);
  // The server says it once all its sockets accept.
  const bool is_ready =
      process.ok() && AwaitText(log[0], "eady to accept connections");
  close(log[0]);
  ASSERT_TRUE(is_ready) << "redis-server did not start";
  process_ = *std::move(process);
}

void RedisServer::Kill() { process_.reset(); }
void RedisServer::Freeze() { process_->Signal(SIGSTOP); }
void RedisServer::Thaw() { process_->Signal(SIGCONT); }

}  // namespace stagebeam::testing
