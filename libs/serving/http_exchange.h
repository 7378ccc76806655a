#ifndef STAGEBEAM_LIBS_SERVING_HTTP_EXCHANGE_H_
#define STAGEBEAM_LIBS_SERVING_HTTP_EXCHANGE_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/serving/file_descriptor.h"
#include "libs/serving/http_page.h"

namespace stagebeam::serving {

// One connection of an HttpPage: reads a request, writes the answer, and reads
// on until the client closes, so that the answer is not lost to a reset.
// Sockets are non-blocking; Progress() does what can be done at once.
//
// Not thread-safe.
class HttpExchange {
 public:
  // `pages` and `limits` must outlive it.
  HttpExchange(FileDescriptor socket,
               const std::map<std::string, HttpPage::Handler>& pages,
               const HttpLimits& limits, absl::Time deadline)
      : socket_(std::move(socket)),
        pages_(pages),
        limits_(limits),
        deadline_(deadline) {}

  int fd() const { return socket_.get(); }
  // What to poll(2) for.
  short events() const;
  absl::Time deadline() const { return deadline_; }
  bool finished() const { return state_ == State::kFinished; }

  // Called when the socket is ready.
  void Progress();
  // Makes it finished.
  void Abandon() { state_ = State::kFinished; }

 private:
  enum class State { kReading, kWriting, kLingering, kFinished };

  void Read();
  void Write();
  void Linger();
  // Makes `output_` from the request in `input_`.
  void Answer();

  const FileDescriptor socket_;
  const std::map<std::string, HttpPage::Handler>& pages_;
  const HttpLimits& limits_;
  const absl::Time deadline_;
  State state_ = State::kReading;
  std::string input_;
  std::string output_;
  size_t written_ = 0;
};

// The answer, as bytes of HTTP/1.1, to a request's head: request line and
// headers. Any bytes get some answer.
std::string AnswerHttp(std::string_view head,
                       const std::map<std::string, HttpPage::Handler>& pages);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_HTTP_EXCHANGE_H_
