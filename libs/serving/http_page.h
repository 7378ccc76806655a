#ifndef STAGEBEAM_LIBS_SERVING_HTTP_PAGE_H_
#define STAGEBEAM_LIBS_SERVING_HTTP_PAGE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/serving/file_descriptor.h"

namespace stagebeam::serving {

// One answer of the HTTP port.
struct HttpAnswer {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
};

// Limits of the HTTP port.
struct HttpLimits {
  // Request line and headers together; more: 431.
  size_t max_request_bytes = 8192;
  // Connections at a time; the oldest makes room.
  size_t max_connections = 64;
  // From accept to the last byte of the answer.
  absl::Duration connection_timeout = absl::Seconds(10);
};

// Serves a few fixed pages to GET and HEAD over HTTP/1.1, one request a
// connection, on one thread that sleeps in poll(2). For scrapers and probes, on
// a private port.
//
// Thread-safe. The destructor closes the port.
class HttpPage {
 public:
  // Makes the answer of one path; runs on the page's thread and must be quick.
  using Handler = std::function<HttpAnswer()>;

  // Listens on "host:port" (port 0: any free one; IPv6 hosts in brackets).
  // INVALID_ARGUMENT: not an address. UNAVAILABLE: not to be listened on, with
  // the system's reason.
  static absl::StatusOr<std::unique_ptr<HttpPage>> Listen(
      const std::string& address, std::map<std::string, Handler> pages,
      const HttpLimits& limits = {});
  ~HttpPage();
  HttpPage(const HttpPage&) = delete;
  HttpPage& operator=(const HttpPage&) = delete;

  int port() const { return port_; }

 private:
  class Connections;
  HttpPage(std::unique_ptr<Connections> connections, FileDescriptor wake,
           int port);

  const std::unique_ptr<Connections> connections_;
  const FileDescriptor wake_;
  const int port_;
  std::thread thread_;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_HTTP_PAGE_H_
