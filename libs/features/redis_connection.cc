#include "libs/features/redis_connection.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace stagebeam::features {
namespace {

constexpr size_t kReceiveBytes = 64 << 10;
// A reader that held more than this is replaced, and its buffer with it.
constexpr size_t kLargeReplyBytes = 1 << 20;
constexpr std::string_view kLineEnd = "\r\n";

// The command as the protocol's array of bulk strings. Headers are made here;
// arguments, which may be large, are only pointed at.
class Wire {
 public:
  explicit Wire(std::span<const std::string_view> command) {
    headers_.reserve(command.size() + 1);
    headers_.push_back(absl::StrCat("*", command.size(), "\r\n"));
    parts_.push_back(headers_.back());
    for (std::string_view argument : command) {
      headers_.push_back(absl::StrCat("$", argument.size(), "\r\n"));
      parts_.push_back(headers_.back());
      parts_.push_back(argument);
      parts_.push_back(kLineEnd);
    }
  }

  std::span<const std::string_view> parts() const { return parts_; }

 private:
  std::vector<std::string> headers_;
  std::vector<std::string_view> parts_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RedisConnection>> RedisConnection::Open(
    const RedisAddress& address, size_t max_reply_bytes, absl::Time deadline) {
  auto socket = RedisSocket::Connect(address, deadline);
  if (!socket.ok()) return socket.status();
  std::unique_ptr<RedisConnection> connection(
      new RedisConnection(*std::move(socket), max_reply_bytes));
  if (absl::Status status = connection->Introduce(address, deadline);
      !status.ok())
    return status;
  return connection;
}

RedisConnection::RedisConnection(RedisSocket socket, size_t max_reply_bytes)
    : socket_(std::move(socket)),
      max_reply_bytes_(max_reply_bytes),
      reader_(std::make_unique<RedisReplyReader>()) {}

absl::Status RedisConnection::Introduce(const RedisAddress& address,
                                        absl::Time deadline) {
  if (!address.password.empty()) {
    std::vector<std::string_view> command = {"AUTH"};
    if (!address.user.empty()) command.push_back(address.user);
    command.push_back(address.password);
    if (absl::Status status = Expect(command, deadline); !status.ok())
      return status;
  }
  if (address.database == 0) return absl::OkStatus();
  const std::string database = absl::StrCat(address.database);
  return Expect(std::array<std::string_view, 2>{"SELECT", database}, deadline);
}

absl::Status RedisConnection::Expect(std::span<const std::string_view> command,
                                     absl::Time deadline) {
  const auto reply = Run(command, deadline);
  if (!reply.ok()) return reply.status();
  return reply->type == RedisReply::Type::kError ? ErrorReplyStatus(reply->text)
                                                 : absl::OkStatus();
}

absl::StatusOr<RedisReply> RedisConnection::Run(
    std::span<const std::string_view> command, absl::Time deadline) {
  const Wire wire(command);
  if (absl::Status status = socket_.Send(wire.parts(), deadline); !status.ok())
    return status;
  return Receive(deadline);
}

absl::StatusOr<RedisReply> RedisConnection::Receive(absl::Time deadline) {
  std::array<char, kReceiveBytes> buffer;
  size_t received = 0;
  while (true) {
    const auto count = socket_.Receive(buffer, deadline);
    if (!count.ok()) return count.status();
    received += *count;
    if (received > max_reply_bytes_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("reply has more than ", max_reply_bytes_, " bytes"));
    }
    absl::Status fed = reader_->Feed({buffer.data(), *count});
    if (!fed.ok()) return fed;
    auto reply = reader_->Next();
    if (!reply.ok()) return reply.status();
    if (!reply->has_value()) continue;
    if (received > kLargeReplyBytes)
      reader_ = std::make_unique<RedisReplyReader>();
    return *std::move(*reply);
  }
}

}  // namespace stagebeam::features
