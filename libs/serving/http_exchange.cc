#include "libs/serving/http_exchange.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace stagebeam::serving {
namespace {

const char* ReasonPhrase(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

std::string Serialize(const HttpAnswer& answer, bool with_body) {
  return absl::StrCat("HTTP/1.1 ", answer.code, " ", ReasonPhrase(answer.code),
                      "\r\nContent-Type: ", answer.content_type,
                      "\r\nContent-Length: ", answer.body.size(),
                      "\r\nConnection: close\r\n",
                      answer.code == 405 ? "Allow: GET, HEAD\r\n" : "", "\r\n",
                      with_body ? answer.body : std::string());
}

std::string SerializeError(int code) {
  return Serialize(
      {.code = code, .body = absl::StrCat(ReasonPhrase(code), "\n")}, true);
}

// Past the blank line that ends a request's head; npos where it is not there.
size_t HeadEnd(std::string_view input) {
  const size_t crlf = input.find("\r\n\r\n");
  const size_t lf = input.find("\n\n");
  if (crlf == std::string_view::npos && lf == std::string_view::npos) {
    return std::string_view::npos;
  }
  return crlf < lf ? crlf + 4 : lf + 2;
}

struct RequestLine {
  std::string_view method;
  std::string_view path;
  std::string_view version;
};

// "GET /metrics?x=y HTTP/1.1", the query left out.
RequestLine ParseRequestLine(std::string_view head) {
  std::string_view line = head.substr(0, head.find('\n'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return {};
  const std::string_view target = line.substr(first + 1, last - first - 1);
  return {line.substr(0, first), target.substr(0, target.find('?')),
          line.substr(last + 1)};
}

}  // namespace

std::string AnswerHttp(std::string_view head,
                       const std::map<std::string, HttpPage::Handler>& pages) {
  const RequestLine line = ParseRequestLine(head);
  if (line.method.empty() || line.path.empty() || line.path[0] != '/' ||
      line.version.substr(0, 7) != "HTTP/1.") {
    return SerializeError(400);
  }
  if (line.method != "GET" && line.method != "HEAD") return SerializeError(405);
  const auto page = pages.find(std::string(line.path));
  if (page == pages.end()) return SerializeError(404);
  return Serialize(page->second(), line.method == "GET");
}

short HttpExchange::events() const {
  return state_ == State::kWriting ? POLLOUT : POLLIN;
}

void HttpExchange::Progress() {
  if (state_ == State::kReading) Read();
  if (state_ == State::kWriting) Write();
  if (state_ == State::kLingering) Linger();
}

void HttpExchange::Read() {
  char bytes[4096];
  while (state_ == State::kReading) {
    const ssize_t count = recv(socket_.get(), bytes, sizeof(bytes), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return Abandon();
    input_.append(bytes, static_cast<size_t>(count));
    Answer();
  }
}

void HttpExchange::Answer() {
  const size_t end = HeadEnd(input_);
  if (end == std::string_view::npos &&
      input_.size() < limits_.max_request_bytes) {
    return;
  }
  output_ = end > limits_.max_request_bytes
                ? SerializeError(431)
                : AnswerHttp(std::string_view(input_).substr(0, end), pages_);
  state_ = State::kWriting;
}

void HttpExchange::Write() {
  while (written_ < output_.size()) {
    const ssize_t count = send(socket_.get(), output_.data() + written_,
                               output_.size() - written_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) return Abandon();
    written_ += static_cast<size_t>(count);
  }
  shutdown(socket_.get(), SHUT_WR);
  state_ = State::kLingering;
}

void HttpExchange::Linger() {
  char bytes[4096];
  // One piece at a time, so that a sender without end keeps nobody waiting.
  const ssize_t count = recv(socket_.get(), bytes, sizeof(bytes), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) Abandon();
}

}  // namespace stagebeam::serving
