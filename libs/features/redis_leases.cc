#include "libs/features/redis_leases.h"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace stagebeam::features {
namespace {

// SET NX that also says yes to the token's own key: it may be run twice when a
// connection broke before the first reply.
constexpr std::string_view kAcquireScript =
    "if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 "
    "end "
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end "
    "return 0";
constexpr std::string_view kReleaseScript =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', "
    "KEYS[1]) end "
    "return 0";
// Giving back is a courtesy that must not delay an answer.
constexpr absl::Duration kReleaseTimeout = absl::Milliseconds(200);

std::string LeaseKey(const std::string& key) {
  return absl::StrCat("stagebeam:lease:", key);
}

std::string RandomToken() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i)
    absl::StrAppend(&token, absl::Hex(device(), absl::kZeroPad8));
  return token;
}

class RedisLease : public Lease {
 public:
  RedisLease(std::shared_ptr<RedisClient> client, std::string key,
             std::string token)
      : client_(std::move(client)),
        key_(std::move(key)),
        token_(std::move(token)) {}
  ~RedisLease() override {
    const std::array<std::string_view, 5> command = {"EVAL", kReleaseScript,
                                                     "1", key_, token_};
    client_->Run(command, absl::Now() + kReleaseTimeout).status().IgnoreError();
  }

 private:
  const std::shared_ptr<RedisClient> client_;
  const std::string key_;
  const std::string token_;
};

}  // namespace

RedisLeases::RedisLeases(std::shared_ptr<RedisClient> client,
                         const Options& options)
    : client_(std::move(client)), options_(options) {}

absl::StatusOr<std::unique_ptr<Lease>> RedisLeases::Acquire(
    const std::string& key, absl::Time deadline) {
  const std::string redis_key = LeaseKey(key);
  const std::string token = RandomToken();
  const std::string milliseconds =
      absl::StrCat(absl::ToInt64Milliseconds(options_.lease_time));
  const std::array<std::string_view, 6> command = {
      "EVAL", kAcquireScript, "1", redis_key, token, milliseconds};
  const auto reply = client_->Run(command, deadline);
  if (!reply.ok()) return reply.status();
  if (reply->type != RedisReply::Type::kInteger) {
    return absl::InternalError(
        absl::StrCat("redis ", client_->name(), ": EVAL gave no integer"));
  }
  if (reply->integer != 1)
    return absl::AlreadyExistsError("another replica holds the lease");
  return std::make_unique<RedisLease>(client_, redis_key, token);
}

absl::Status RedisLeases::AwaitRelease(const std::string& key,
                                       absl::Time deadline,
                                       std::stop_token cancellation) {
  absl::Notification cancelled;
  const std::stop_callback notify(cancellation, [&] { cancelled.Notify(); });
  const std::string redis_key = LeaseKey(key);
  absl::Duration interval = options_.first_interval;
  while (absl::Now() < deadline) {
    const auto reply = client_->Run(
        std::array<std::string_view, 2>{"EXISTS", redis_key}, deadline);
    if (!reply.ok()) return reply.status();
    if (reply->integer == 0) return absl::OkStatus();
    const absl::Time next = std::min(deadline, absl::Now() + interval);
    if (cancelled.WaitForNotificationWithDeadline(next))
      return absl::CancelledError("caller left");
    interval = std::min(interval * 1.5, options_.last_interval);
  }
  return absl::DeadlineExceededError("another replica still holds the lease");
}

}  // namespace stagebeam::features
