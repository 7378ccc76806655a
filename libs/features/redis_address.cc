#include "libs/features/redis_address.h"

#include <sys/un.h>

#include <cctype>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::features {
namespace {

constexpr std::string_view kScheme = "redis://";
constexpr int kMaxDatabase = 1 << 20;

absl::Status Unreadable(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("redis address: ", std::string(what)));
}

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<int> ParseNumber(std::string_view text, int low, int high) {
  int value = 0;
  if (text.empty() || !std::isdigit(static_cast<unsigned char>(text[0])))
    return std::nullopt;
  if (!absl::SimpleAtoi(std::string(text), &value)) return std::nullopt;
  return value >= low && value <= high ? std::optional<int>(value)
                                       : std::nullopt;
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  return decoded;
}

absl::StatusOr<RedisAddress> ParseUnixPath(std::string_view path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Unreadable(absl::StrCat("socket path has ", path.size(),
                                   " bytes; at most ",
                                   sizeof(sockaddr_un::sun_path) - 1, " fit"));
  }
  RedisAddress address;
  address.unix_path = std::string(path);
  return address;
}

absl::Status ParseCredentials(std::string_view text, RedisAddress& address) {
  const size_t colon = text.find(':');
  if (colon == text.npos)
    return Unreadable("user without password; write user:password@");
  const auto user = PercentDecoded(text.substr(0, colon));
  const auto password = PercentDecoded(text.substr(colon + 1));
  if (!user || !password)
    return Unreadable("bad percent-encoding in user or password");
  if (password->empty()) return Unreadable("empty password");
  address.user = *user;
  address.password = *password;
  return absl::OkStatus();
}

// Splits the host off the front of `text`; an IPv6 address stands in brackets.
absl::Status TakeHost(std::string_view& text, RedisAddress& address) {
  const bool bracketed = ConsumePrefix(text, "[");
  const size_t end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == text.npos) return Unreadable("no ] after IPv6 host");
  address.host = std::string(text.substr(0, end));
  if (address.host.empty()) return Unreadable("no host");
  text.remove_prefix(end == text.npos ? text.size()
                                      : end + (bracketed ? 1 : 0));
  return absl::OkStatus();
}

absl::Status ParseHostAndPort(std::string_view text, RedisAddress& address) {
  if (absl::Status status = TakeHost(text, address); !status.ok())
    return status;
  if (text.empty()) return absl::OkStatus();
  if (!ConsumePrefix(text, ":"))
    return Unreadable("text between host and port");
  const auto port = ParseNumber(text, 1, 65535);
  if (!port) return Unreadable("port is not in [1, 65535]");
  address.port = *port;
  return absl::OkStatus();
}

absl::StatusOr<RedisAddress> ParseUrl(std::string_view text) {
  RedisAddress address;
  if (const size_t at = text.rfind('@'); at != text.npos) {
    absl::Status status = ParseCredentials(text.substr(0, at), address);
    if (!status.ok()) return status;
    text.remove_prefix(at + 1);
  }
  if (const size_t slash = text.find('/'); slash != text.npos) {
    const std::string_view path = text.substr(slash + 1);
    const auto database = path.empty() ? 0 : ParseNumber(path, 0, kMaxDatabase);
    if (!database) return Unreadable("database is not a number");
    address.database = *database;
    text = text.substr(0, slash);
  }
  if (absl::Status status = ParseHostAndPort(text, address); !status.ok())
    return status;
  return address;
}

}  // namespace

std::string RedisAddress::Name() const {
  if (!unix_path.empty()) return unix_path;
  const bool bracketed = host.find(':') != host.npos;
  return absl::StrCat(bracketed ? "[" : "", host, bracketed ? "]:" : ":", port,
                      "/", database);
}

absl::StatusOr<RedisAddress> ParseRedisAddress(std::string_view text) {
  if (text.empty()) return Unreadable("is empty");
  if (ConsumePrefix(text, "unix:") || text.starts_with("/"))
    return ParseUnixPath(text);
  if (ConsumePrefix(text, kScheme)) return ParseUrl(text);
  if (text.find("://") != text.npos)
    return Unreadable("only redis:// is supported");
  RedisAddress address;
  if (absl::Status status = ParseHostAndPort(text, address); !status.ok())
    return status;
  return address;
}

}  // namespace stagebeam::features
