#ifndef STAGEBEAM_LIBS_SERVING_AUTHENTICATOR_H_
#define STAGEBEAM_LIBS_SERVING_AUTHENTICATOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace stagebeam::serving {

// Lets calls in by bearer token. Immutable, and so thread-safe.
class Authenticator {
 public:
  // Lets every call in.
  Authenticator() = default;
  // Only calls with one of `tokens`, which must not be empty strings.
  explicit Authenticator(std::vector<std::string> tokens);
  // Tokens from a file, one a line; blank lines and lines that start with #
  // don't count. NOT_FOUND: no such file; INVALID_ARGUMENT: no token in it, or
  // one with a blank or a control character.
  static absl::StatusOr<Authenticator> FromFile(const std::string& path);

  // `authorization` is the metadata value, "Bearer <token>"; empty where the
  // caller sent none. UNAUTHENTICATED says what is missing, and never the
  // token. Takes the same time whichever token matches and wherever a wrong
  // one differs.
  absl::Status Check(std::string_view authorization) const;

 private:
  // SHA-256 of each token, so that comparing leaks no length either.
  std::vector<std::string> digests_;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_AUTHENTICATOR_H_
