#ifndef STAGEBEAM_TESTS_CLUSTER_REDIS_SERVER_H_
#define STAGEBEAM_TESTS_CLUSTER_REDIS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/cluster/process.h"

namespace stagebeam::testing {

// A real redis-server of the test's own: on a unix socket in a scratch
// directory and, if a port is given, on 127.0.0.1. Keeps nothing on disk.
class RedisServer {
 public:
  // `arguments` go to redis-server as they are. `port` 0: unix socket only.
  explicit RedisServer(std::vector<std::string> arguments = {}, int port = 0);

  // Starts it, or starts it again at the same address, and returns once it
  // accepts connections; fails the test where it does not.
  void Start();
  // Kills it without warning.
  void Kill();
  // Stops it from answering, and lets it go on.
  void Freeze();
  void Thaw();

  // Path of its unix socket.
  std::string address() const { return directory_.File("redis.sock"); }
  int port() const { return port_; }

 private:
  const std::vector<std::string> arguments_;
  const int port_;
  ScratchDirectory directory_;
  std::unique_ptr<Process> process_;
};

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_CLUSTER_REDIS_SERVER_H_
