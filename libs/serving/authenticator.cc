#include "libs/serving/authenticator.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::serving {
namespace {

constexpr std::string_view kScheme = "bearer ";

std::string Digest(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof(digest));
}

bool IsToken(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](unsigned char character) {
    return absl::ascii_isgraph(character);
  });
}

// The scheme's name is not case-sensitive (RFC 7235).
bool HasScheme(std::string_view authorization) {
  return authorization.size() >= kScheme.size() &&
         absl::EqualsIgnoreCase(
             absl::string_view(authorization.data(), kScheme.size()),
             absl::string_view(kScheme.data(), kScheme.size()));
}

}  // namespace

Authenticator::Authenticator(std::vector<std::string> tokens) {
  for (const std::string& token : tokens) digests_.push_back(Digest(token));
}

absl::StatusOr<Authenticator> Authenticator::FromFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("auth_tokens_file: cannot read ", path));
  }
  std::vector<std::string> tokens;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    absl::StripAsciiWhitespace(&line);
    if (line.empty() || line[0] == '#') continue;
    if (!IsToken(line)) {
      return absl::InvalidArgumentError(
          absl::StrCat("auth_tokens_file: ", path, " line ", number,
                       ": a token has printable ASCII only, and no blank"));
    }
    tokens.push_back(line);
  }
  if (tokens.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("auth_tokens_file: ", path, " holds no token"));
  }
  return Authenticator(std::move(tokens));
}

absl::Status Authenticator::Check(std::string_view authorization) const {
  if (digests_.empty()) return absl::OkStatus();
  if (!HasScheme(authorization)) {
    return absl::UnauthenticatedError(
        "metadata authorization must be 'Bearer <token>'");
  }
  const std::string offered = Digest(authorization.substr(kScheme.size()));
  bool known = false;
  for (const std::string& digest : digests_) {
    // No early exit: every token costs the same.
    known |= CRYPTO_memcmp(digest.data(), offered.data(), digest.size()) == 0;
  }
  if (known) return absl::OkStatus();
  return absl::UnauthenticatedError("metadata authorization: unknown token");
}

}  // namespace stagebeam::serving
