#ifndef STAGEBEAM_TESTS_FEATURES_ODD_SERVER_H_
#define STAGEBEAM_TESTS_FEATURES_ODD_SERVER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace stagebeam::testing {

// A TCP server on 127.0.0.1 that misbehaves: to each request it sends `reply`,
// in pieces of `piece` bytes with a pause after each. Serves any number of
// connections until it goes.
class OddServer {
 public:
  struct Behaviour {
    // Sent again and again if `endless`; nothing at all where empty.
    std::string reply = {};
    // Bytes sent at once; 0 for all.
    size_t piece = 0;
    int pause_ms = 0;
    bool endless = false;
    // Closes the connection after the reply.
    bool hang_up = false;
  };

  explicit OddServer(Behaviour behaviour);
  ~OddServer();

  // "127.0.0.1:port".
  std::string address() const;
  // Connections accepted so far.
  int accepted_count() const { return accepted_; }

 private:
  void AcceptAll();
  void Serve(int fd);
  // Waits for a request (or `timeout_ms`) and says whether to go on.
  bool AwaitRequest(int fd) const;
  bool Pause() const;

  const Behaviour behaviour_;
  int listener_ = -1;
  int port_ = 0;
  // Becomes readable when all is to end.
  int end_[2] = {-1, -1};
  std::atomic<int> accepted_ = 0;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_FEATURES_ODD_SERVER_H_
