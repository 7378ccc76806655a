#ifndef STAGEBEAM_TESTS_REMOTE_DNS_SERVER_H_
#define STAGEBEAM_TESTS_REMOTE_DNS_SERVER_H_

#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace stagebeam::remote {

// A name server on UDP port 53 of 127.0.0.1 that knows IPv4 addresses of names,
// as the test says: a headless Service in small. Fails the test where it cannot
// have the port. Thread-safe.
class DnsServer {
 public:
  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  // From now on the name has these addresses; without any it does not exist.
  void Set(const std::string& name, std::vector<std::string> addresses);
  // From now on every answer is SERVFAIL, or no longer.
  void SetFailing(bool failing);

 private:
  void Serve();
  std::string Answer(std::string_view query);

  int socket_ = -1;
  int end_ = -1;
  absl::Mutex mutex_;
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::vector<std::string>> names_
      ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_TESTS_REMOTE_DNS_SERVER_H_
