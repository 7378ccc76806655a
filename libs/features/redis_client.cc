#include "libs/features/redis_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace stagebeam::features {

RedisClient::RedisClient(RedisAddress address, const Options& options)
    : address_(std::move(address)), name_(address_.Name()), options_(options) {}

absl::StatusOr<RedisReply> RedisClient::Run(
    std::span<const std::string_view> command, absl::Time deadline) {
  deadline = std::min(deadline, absl::Now() + options_.operation_timeout);
  auto idle = TakeIdle();
  const bool pooled = idle != nullptr;
  auto reply = pooled ? RunOn(std::move(idle), command, deadline)
                      : RunOnFresh(command, deadline);
  if (pooled && absl::IsUnavailable(reply.status())) {
    DropIdle();
    reply = RunOnFresh(command, deadline);
  }
  absl::Status status = reply.status();
  if (reply.ok() && reply->type == RedisReply::Type::kError)
    status = ErrorReplyStatus(reply->text);
  if (status.ok()) return reply;
  return absl::Status(status.code(),
                      absl::StrCat("redis ", name_, ": ", status.message()));
}

absl::StatusOr<RedisReply> RedisClient::RunOnFresh(
    std::span<const std::string_view> command, absl::Time deadline) {
  auto connection =
      RedisConnection::Open(address_, options_.max_reply_bytes, deadline);
  if (!connection.ok()) return connection.status();
  return RunOn(*std::move(connection), command, deadline);
}

absl::StatusOr<RedisReply> RedisClient::RunOn(
    std::unique_ptr<RedisConnection> connection,
    std::span<const std::string_view> command, absl::Time deadline) {
  auto reply = connection->Run(command, deadline);
  if (reply.ok()) KeepIdle(std::move(connection));
  return reply;
}

std::unique_ptr<RedisConnection> RedisClient::TakeIdle() {
  absl::MutexLock lock(&mutex_);
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (!connection->IsStale()) return connection;
  }
  return nullptr;
}

void RedisClient::KeepIdle(std::unique_ptr<RedisConnection> connection) {
  absl::MutexLock lock(&mutex_);
  if (idle_.size() < options_.max_idle_connections)
    idle_.push_back(std::move(connection));
}

void RedisClient::DropIdle() {
  absl::MutexLock lock(&mutex_);
  idle_.clear();
}

}  // namespace stagebeam::features
