#include "tests/remote/dns_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace stagebeam::remote {
namespace {

// RFC 1035, section 4.1.
constexpr size_t kHeaderBytes = 12;
constexpr int kServerFailure = 2;
constexpr int kNoSuchName = 3;
constexpr int kTypeA = 1;

std::string Number16(int number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

// The query's one question: its name with dots, its type, and where it ends.
struct Question {
  std::string name;
  int type = 0;
  size_t end = kHeaderBytes;
};

Question Parse(std::string_view query) {
  Question question;
  size_t& at = question.end;
  while (at < query.size() && query[at] != 0) {
    const size_t size = static_cast<uint8_t>(query[at]);
    if (!question.name.empty()) question.name += '.';
    question.name += query.substr(at + 1, size);
    at += 1 + size;
  }
  at += 5;
  if (at > query.size()) return {};
  question.type = static_cast<uint8_t>(query[at - 3]);
  return question;
}

// One record of the question's name, which is told by its place.
std::string Record(const std::string& address) {
  in_addr number = {};
  inet_pton(AF_INET, address.c_str(), &number);
  const std::string no_time_to_live(4, '\0');
  return Number16(0xC000 | kHeaderBytes) + Number16(kTypeA) + Number16(1) +
         no_time_to_live + Number16(4) +
         std::string(reinterpret_cast<const char*>(&number), 4);
}

}  // namespace

DnsServer::DnsServer()
    : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      end_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(
      bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0)
      << "port 53 cannot be had";
  thread_ = std::thread([this] { Serve(); });
}

DnsServer::~DnsServer() {
  eventfd_write(end_, 1);
  thread_.join();
  close(socket_);
  close(end_);
}

void DnsServer::Set(const std::string& name,
                    std::vector<std::string> addresses) {
  absl::MutexLock lock(&mutex_);
  names_[name] = std::move(addresses);
}

void DnsServer::SetFailing(bool failing) {
  absl::MutexLock lock(&mutex_);
  failing_ = failing;
}

void DnsServer::Serve() {
  while (true) {
    pollfd entries[] = {{socket_, POLLIN, 0}, {end_, POLLIN, 0}};
    poll(entries, 2, -1);
    if (entries[1].revents != 0) return;
    char query[512];
    sockaddr_in caller = {};
    socklen_t size = sizeof(caller);
    const ssize_t count = recvfrom(socket_, query, sizeof(query), 0,
                                   reinterpret_cast<sockaddr*>(&caller), &size);
    if (count < static_cast<ssize_t>(kHeaderBytes)) continue;
    const std::string answer = Answer({query, static_cast<size_t>(count)});
    sendto(socket_, answer.data(), answer.size(), 0,
           reinterpret_cast<sockaddr*>(&caller), size);
  }
}

std::string DnsServer::Answer(std::string_view query) {
  const Question question = Parse(query);
  absl::MutexLock lock(&mutex_);
  const auto found = names_.find(question.name);
  const bool exists = found != names_.end() && !found->second.empty();
  std::string records;
  int count = 0;
  if (!failing_ && exists && question.type == kTypeA) {
    for (const std::string& address : found->second) records += Record(address);
    count = static_cast<int>(found->second.size());
  }
  const int code = failing_ ? kServerFailure : exists ? 0 : kNoSuchName;
  // A recursive answer to a recursive question.
  return std::string(query.substr(0, 2)) + Number16(0x8180 | code) +
         Number16(1) + Number16(count) + Number16(0) + Number16(0) +
         std::string(query.substr(kHeaderBytes, question.end - kHeaderBytes)) +
         records;
}

}  // namespace stagebeam::remote
