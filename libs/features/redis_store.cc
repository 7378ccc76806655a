#include "libs/features/redis_store.h"

#include <array>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/features/store_status.h"

namespace stagebeam::features {
namespace {

std::string RedisKey(const std::string& key) {
  return absl::StrCat("stagebeam:features:", key);
}

}  // namespace

RedisStore::RedisStore(std::shared_ptr<RedisClient> client,
                       const Options& options)
    : client_(std::move(client)), options_(options) {}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> RedisStore::Get(
    const std::string& key, absl::Time deadline) {
  const std::string redis_key = RedisKey(key);
  auto reply =
      client_->Run(std::array<std::string_view, 2>{"GET", redis_key}, deadline);
  if (absl::IsDataLoss(reply.status())) {
    return Discard(redis_key, std::string(reply.status().message()), deadline);
  }
  if (!reply.ok()) return reply.status();
  if (reply->type == RedisReply::Type::kNil) {
    return absl::NotFoundError(absl::StrCat("not in redis ", client_->name()));
  }
  if (reply->type != RedisReply::Type::kString) {
    return absl::InternalError(
        absl::StrCat("redis ", client_->name(), ": GET gave no string"));
  }
  auto blob = FeatureBlob::Parse(std::move(reply->text));
  if (!blob.ok())
    return Discard(redis_key, std::string(blob.status().message()), deadline);
  return blob;
}

absl::Status RedisStore::Discard(const std::string& redis_key,
                                 std::string_view why, absl::Time deadline) {
  // The miss is certain; if this fails, the next reader deletes it.
  client_->Run(std::array<std::string_view, 2>{"DEL", redis_key}, deadline)
      .status()
      .IgnoreError();
  return CorruptError(why);
}

absl::Status RedisStore::Put(const std::string& key,
                             std::shared_ptr<const FeatureBlob> blob,
                             absl::Time deadline) {
  const std::string& bytes = blob->bytes();
  if (bytes.size() > options_.max_blob_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("blob of ", bytes.size(), " bytes; at most ",
                     options_.max_blob_bytes, " go to redis"));
  }
  const std::string redis_key = RedisKey(key);
  const std::string ttl =
      absl::StrCat(absl::ToInt64Milliseconds(options_.time_to_live));
  return client_
      ->Run(std::array<std::string_view, 5>{"SET", redis_key, bytes, "PX", ttl},
            deadline)
      .status();
}

}  // namespace stagebeam::features
