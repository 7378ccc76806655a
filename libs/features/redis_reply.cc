#include "libs/features/redis_reply.h"

#include <hiredis/hiredis.h>

#include <array>
#include <new>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::features {
namespace {

// Text of a server shown in our messages: short and printable.
constexpr size_t kMaxShownError = 200;

RedisReply::Type TypeOf(int hiredis_type) {
  switch (hiredis_type) {
    case REDIS_REPLY_STRING:
      return RedisReply::Type::kString;
    case REDIS_REPLY_STATUS:
      return RedisReply::Type::kStatus;
    case REDIS_REPLY_ERROR:
      return RedisReply::Type::kError;
    case REDIS_REPLY_ARRAY:
      return RedisReply::Type::kArray;
    default:
      return RedisReply::Type::kOther;
  }
}

// Makes the reply of one parser task, owned by its parent if it has one. Called
// from C, so nothing may be thrown: null makes hiredis report lack of memory.
void* NewReply(const redisReadTask* task, RedisReply::Type type,
               std::string_view text = {}, int64_t integer = 0) {
  try {
    auto reply = std::make_unique<RedisReply>();
    reply->type = type;
    reply->text = std::string(text);
    reply->integer = integer;
    RedisReply* const raw = reply.get();
    if (task->parent == nullptr) return reply.release();
    static_cast<RedisReply*>(task->parent->obj)
        ->elements.push_back(std::move(reply));
    return raw;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Kinds that only hiredis 1.x knows. We never ask for RESP3, but a server may
// send it, and a kind without a function would come back as a pointer to
// nowhere.
template <typename Functions>
void AddResp3(Functions& functions) {
  if constexpr (requires { functions.createDouble; }) {
    functions.createDouble = [](const redisReadTask* task, double, char*,
                                size_t) {
      return NewReply(task, RedisReply::Type::kOther);
    };
    functions.createBool = [](const redisReadTask* task, int) {
      return NewReply(task, RedisReply::Type::kOther);
    };
  }
}

// hiredis writes straight from its buffer into our strings through these: one
// copy of a large value less than with its own reply type. The type of the
// array's count differs between hiredis 0.14 and 1.x, hence the generic lambda.
redisReplyObjectFunctions ReplyFunctions() {
  redisReplyObjectFunctions functions = {};
  functions.createString = [](const redisReadTask* task, char* text,
                              size_t size) {
    return NewReply(task, TypeOf(task->type), {text, size});
  };
  functions.createArray = [](const redisReadTask* task, auto count) -> void* {
    return NewReply(task, TypeOf(task->type));
  };
  functions.createInteger = [](const redisReadTask* task, long long value) {
    return NewReply(task, RedisReply::Type::kInteger, {}, value);
  };
  functions.createNil = [](const redisReadTask* task) {
    return NewReply(task, RedisReply::Type::kNil);
  };
  functions.freeObject = [](void* reply) {
    delete static_cast<RedisReply*>(reply);
  };
  AddResp3(functions);
  return functions;
}

}  // namespace

absl::Status ErrorReplyStatus(std::string_view error) {
  static constexpr std::array<std::pair<std::string_view, absl::StatusCode>, 12>
      kCodes = {{
          {"OOM", absl::StatusCode::kResourceExhausted},
          {"READONLY", absl::StatusCode::kFailedPrecondition},
          {"MISCONF", absl::StatusCode::kFailedPrecondition},
          {"WRONGTYPE", absl::StatusCode::kDataLoss},
          {"NOAUTH", absl::StatusCode::kPermissionDenied},
          {"WRONGPASS", absl::StatusCode::kPermissionDenied},
          {"NOPERM", absl::StatusCode::kPermissionDenied},
          {"LOADING", absl::StatusCode::kUnavailable},
          {"BUSY", absl::StatusCode::kUnavailable},
          {"MASTERDOWN", absl::StatusCode::kUnavailable},
          {"CLUSTERDOWN", absl::StatusCode::kUnavailable},
          {"TRYAGAIN", absl::StatusCode::kUnavailable},
      }};
  const std::string shown =
      absl::CHexEscape(std::string(error.substr(0, kMaxShownError)));
  const std::string_view word = error.substr(0, error.find(' '));
  for (const auto& [name, code] : kCodes) {
    if (word == name) return absl::Status(code, shown);
  }
  return absl::InternalError(shown);
}

struct RedisReplyReader::Parser {
  Parser()
      : functions(ReplyFunctions()),
        reader(redisReaderCreateWithFunctions(&functions)) {}
  ~Parser() {
    if (reader != nullptr) redisReaderFree(reader);
  }

  absl::Status Failure() const {
    if (reader == nullptr)
      return absl::ResourceExhaustedError("no memory for a reply reader");
    return absl::InternalError(
        absl::StrCat("not the Redis protocol: ",
                     absl::CHexEscape(std::string(reader->errstr))));
  }

  redisReplyObjectFunctions functions;
  redisReader* const reader;
};

RedisReplyReader::RedisReplyReader() : parser_(std::make_unique<Parser>()) {}
RedisReplyReader::~RedisReplyReader() = default;

absl::StatusOr<std::optional<RedisReply>> RedisReplyReader::Next() {
  void* raw = nullptr;
  if (parser_->reader == nullptr ||
      redisReaderGetReply(parser_->reader, &raw) != REDIS_OK) {
    return parser_->Failure();
  }
  if (raw == nullptr) return std::nullopt;
  const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(raw));
  return std::move(*reply);
}

bool RedisReplyReader::HasRest() const {
  return parser_->reader != nullptr &&
         parser_->reader->pos < parser_->reader->len;
}

absl::Status RedisReplyReader::Feed(std::string_view bytes) {
  if (parser_->reader == nullptr ||
      redisReaderFeed(parser_->reader, bytes.data(), bytes.size()) !=
          REDIS_OK) {
    return parser_->Failure();
  }
  return absl::OkStatus();
}

}  // namespace stagebeam::features
