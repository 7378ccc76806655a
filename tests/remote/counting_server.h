#ifndef STAGEBEAM_TESTS_REMOTE_COUNTING_SERVER_H_
#define STAGEBEAM_TESTS_REMOTE_COUNTING_SERVER_H_

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/inference/request_context.h"
#include "libs/remote/replica_set.h"
#include "libs/serving/config.h"
#include "tests/serving/encoder_server.h"

namespace stagebeam::remote {

// Options that keep a test quick.
ReplicaSetOptions Quick();

// A set of these addresses; fails the test where it cannot be made.
std::unique_ptr<ReplicaSet> NewSet(const std::vector<std::string>& addresses,
                                   ReplicaSetOptions options = Quick());

// EncodeImage through the set; the answer's key names the server.
absl::Status Call(ReplicaSet& set, std::string_view key,
                  std::string* server = nullptr,
                  const inference::RequestContext& context = {});

// A key whose first choice is `address`; with another `salt` another one.
std::string KeyThatPrefers(const std::string& address,
                           const std::vector<std::string>& addresses,
                           std::string_view salt = "");

// An address on which nobody listens.
std::string DeadAddress();

// A server that counts its calls, signs its answers, and first says `status`.
class CountingServer {
 public:
  explicit CountingServer(std::string name, absl::Status status = {},
                          serving::ServerOptions options = {});

  std::string address() const { return server_.address(); }
  int calls() const { return calls_; }
  void Heal() { healed_ = true; }

 private:
  const std::string name_;
  const absl::Status status_;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> healed_ = false;
  serving::EncoderServer server_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_TESTS_REMOTE_COUNTING_SERVER_H_
