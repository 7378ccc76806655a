#include "libs/serving/http_page.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <list>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/serving/http_exchange.h"
#include "libs/serving/listener.h"

namespace stagebeam::serving {
namespace {

// How long an accept that failed for lack of descriptors is put off.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(200);

int PollMilliseconds(absl::Time until) {
  if (until == absl::InfiniteFuture()) return -1;
  const absl::Duration left =
      std::max(until - absl::Now(), absl::ZeroDuration());
  return static_cast<int>(absl::ToInt64Milliseconds(
      std::min(absl::Ceil(left, absl::Milliseconds(1)), absl::Hours(1))));
}

}  // namespace

// The listener and its open connections. Used by the page's thread alone.
class HttpPage::Connections {
 public:
  Connections(FileDescriptor listener, std::map<std::string, Handler> pages,
              const HttpLimits& limits)
      : listener_(std::move(listener)),
        pages_(std::move(pages)),
        limits_(limits) {}

  // Serves until `wake` becomes readable.
  void Serve(int wake) {
    while (true) {
      std::vector<pollfd> polled = Polled(wake);
      if (poll(polled.data(), polled.size(), PollMilliseconds(NextEvent())) <
              0 &&
          errno != EINTR) {
        return;
      }
      if (polled[0].revents != 0) return;
      if (polled[1].revents != 0) Accept();
      // New connections stand behind the polled ones.
      auto connection = open_.begin();
      for (size_t i = 2; i < polled.size(); ++i, ++connection) {
        if (polled[i].revents != 0) connection->Progress();
      }
      DropFinished();
    }
  }

 private:
  std::vector<pollfd> Polled(int wake) const {
    std::vector<pollfd> polled;
    polled.push_back({wake, POLLIN, 0});
    const bool accepting = absl::Now() >= accept_again_;
    polled.push_back({accepting ? listener_.get() : -1, POLLIN, 0});
    for (const HttpExchange& connection : open_) {
      polled.push_back({connection.fd(), connection.events(), 0});
    }
    return polled;
  }

  absl::Time NextEvent() const {
    absl::Time next =
        accept_again_ > absl::Now() ? accept_again_ : absl::InfiniteFuture();
    for (const HttpExchange& connection : open_) {
      next = std::min(next, connection.deadline());
    }
    return next;
  }

  void Accept() {
    FileDescriptor fd(accept4(listener_.get(), nullptr, nullptr,
                              SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      const bool full = errno == EMFILE || errno == ENFILE ||
                        errno == ENOBUFS || errno == ENOMEM;
      if (full) accept_again_ = absl::Now() + kAcceptPause;
      return;
    }
    if (open_.size() >= limits_.max_connections) open_.front().Abandon();
    open_.emplace_back(std::move(fd), pages_, limits_,
                       absl::Now() + limits_.connection_timeout);
  }

  void DropFinished() {
    const absl::Time now = absl::Now();
    open_.remove_if([now](const HttpExchange& connection) {
      return connection.finished() || connection.deadline() <= now;
    });
  }

  const FileDescriptor listener_;
  const std::map<std::string, Handler> pages_;
  const HttpLimits limits_;
  absl::Time accept_again_ = absl::InfinitePast();
  // Oldest first.
  std::list<HttpExchange> open_;
};

absl::StatusOr<std::unique_ptr<HttpPage>> HttpPage::Listen(
    const std::string& address, std::map<std::string, Handler> pages,
    const HttpLimits& limits) {
  absl::StatusOr<FileDescriptor> listener = OpenListener(address);
  if (!listener.ok()) return listener.status();
  FileDescriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) {
    return absl::UnavailableError("no descriptor for the page's wake-up event");
  }
  const int port = BoundPort(*listener);
  auto connections = std::make_unique<Connections>(*std::move(listener),
                                                   std::move(pages), limits);
  return std::unique_ptr<HttpPage>(
      new HttpPage(std::move(connections), std::move(wake), port));
}

HttpPage::HttpPage(std::unique_ptr<Connections> connections,
                   FileDescriptor wake, int port)
    : connections_(std::move(connections)),
      wake_(std::move(wake)),
      port_(port),
      thread_([this] { connections_->Serve(wake_.get()); }) {}

HttpPage::~HttpPage() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

}  // namespace stagebeam::serving
