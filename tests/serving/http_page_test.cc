#include "libs/serving/http_page.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace stagebeam::serving {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::unique_ptr<HttpPage> NewPage(const HttpLimits& limits = {}) {
  const auto hello = [] { return HttpAnswer{.body = "hello\n"}; };
  const auto big = [] {
    return HttpAnswer{.body = std::string(8'000'000, 'x')};
  };
  const auto sick = [] { return HttpAnswer{.code = 503, .body = "sick\n"}; };
  auto page = HttpPage::Listen(
      "127.0.0.1:0", {{"/hello", hello}, {"/big", big}, {"/sick", sick}},
      limits);
  EXPECT_TRUE(page.ok()) << page.status();
  return *std::move(page);
}

// A client that does as it likes.
class Client {
 public:
  explicit Client(const HttpPage& page)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(page.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_.get(), reinterpret_cast<sockaddr*>(&address),
                      sizeof(address)),
              0);
  }

  // False where the page has closed the connection.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent =
          send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Everything until the page closes.
  std::string ReadToEnd() {
    std::string text;
    char bytes[65536];
    for (ssize_t count;
         (count = recv(socket_.get(), bytes, sizeof(bytes), 0)) > 0;) {
      text.append(bytes, static_cast<size_t>(count));
    }
    return text;
  }

 private:
  const FileDescriptor socket_;
};

std::string Ask(const HttpPage& page, std::string_view request) {
  Client client(page);
  client.Send(request);
  return client.ReadToEnd();
}

TEST(HttpPage, AGetIsAnswered) {
  const auto page = NewPage();
  EXPECT_EQ(Ask(*page, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 6\r\nConnection: close\r\n\r\nhello\n");
}

TEST(HttpPage, AHeadHasNoBody) {
  const auto page = NewPage();
  const std::string answer = Ask(*page, "HEAD /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpPage, AQueryAndBareNewlinesAreFine) {
  const auto page = NewPage();
  EXPECT_THAT(Ask(*page, "GET /hello?x=y HTTP/1.1\nHost: x\n\n"),
              EndsWith("hello\n"));
}

TEST(HttpPage, OtherCodesComeThrough) {
  const auto page = NewPage();
  EXPECT_THAT(Ask(*page, "GET /sick HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(Ask(*page, "GET / HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(*page, "POST /hello HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
}

TEST(HttpPage, GarbageIsABadRequest) {
  const auto page = NewPage();
  for (const char* garbage :
       {"\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "GET /hello\r\n\r\n",
        "GET hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/2.0\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\n\n"}) {
    EXPECT_THAT(Ask(*page, garbage), StartsWith("HTTP/1.1 400 ")) << garbage;
  }
  EXPECT_THAT(Ask(*page, std::string_view("\0\0 /\0 \n\n", 8)),
              StartsWith("HTTP/1.1 400 "));
}

TEST(HttpPage, AHugeHeadIsRefusedWithoutBeingRead) {
  const auto page = NewPage();
  Client client(*page);
  const std::string header = "X: " + std::string(1000, 'x') + "\r\n";
  client.Send("GET /hello HTTP/1.1\r\n");
  for (int i = 0; i < 64; ++i) client.Send(header);
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpPage, AHeadThatDribblesInIsAnswered) {
  const auto page = NewPage();
  Client client(*page);
  for (char byte : std::string("GET /hello HTTP/1.1\r\n\r\n")) {
    client.Send(std::string(1, byte));
  }
  EXPECT_THAT(client.ReadToEnd(), EndsWith("hello\n"));
}

TEST(HttpPage, ASilentClientIsCutOffAndHoldsNobodyUp) {
  const auto page = NewPage({.connection_timeout = absl::Seconds(2)});
  Client silent(*page);
  silent.Send("GET /hel");
  EXPECT_THAT(Ask(*page, "GET /hello HTTP/1.1\r\n\r\n"), EndsWith("hello\n"));
  EXPECT_EQ(silent.ReadToEnd(), "");
}

TEST(HttpPage, AReaderThatStopsIsCutOff) {
  const auto page = NewPage({.connection_timeout = absl::Seconds(2)});
  Client slow(*page);
  slow.Send("GET /big HTTP/1.1\r\n\r\n");
  // Serves others while the answer does not fit into the socket.
  EXPECT_THAT(Ask(*page, "GET /hello HTTP/1.1\r\n\r\n"), EndsWith("hello\n"));
  Client after(*page);
  EXPECT_EQ(after.ReadToEnd(), "");
  EXPECT_LT(slow.ReadToEnd().size(), 8'000'000u);
}

TEST(HttpPage, ABigAnswerArrivesWhole) {
  const auto page = NewPage();
  const std::string answer = Ask(*page, "GET /big HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 8'000'000u);
}

TEST(HttpPage, TheOldestConnectionMakesRoom) {
  const auto page = NewPage({.max_connections = 4});
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 8; ++i) idle.push_back(std::make_unique<Client>(*page));
  EXPECT_THAT(Ask(*page, "GET /hello HTTP/1.1\r\n\r\n"), EndsWith("hello\n"));
  EXPECT_EQ(idle[0]->ReadToEnd(), "");
}

TEST(HttpPage, ManyClientsAtOnceAreServed) {
  const auto page = NewPage();
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        EXPECT_THAT(Ask(*page, "GET /hello HTTP/1.1\r\n\r\n"),
                    EndsWith("hello\n"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(HttpPage, ClosingCutsOpenConnections) {
  auto page = NewPage();
  Client client(*page);
  client.Send("GET /hel");
  page.reset();
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST(HttpPage, BadAddressesAreNamed) {
  for (const char* address : {"", "x", "127.0.0.1", "127.0.0.1:", ":-1",
                              "127.0.0.1:65536", "127.0.0.1:80x"}) {
    EXPECT_EQ(HttpPage::Listen(address, {}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
  const auto page = NewPage();
  const auto second =
      HttpPage::Listen("127.0.0.1:" + std::to_string(page->port()), {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace stagebeam::serving
