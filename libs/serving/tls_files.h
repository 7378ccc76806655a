#ifndef STAGEBEAM_LIBS_SERVING_TLS_FILES_H_
#define STAGEBEAM_LIBS_SERVING_TLS_FILES_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace stagebeam::serving {

// Credentials of a server with the certificate chain in `cert` and its key in
// `key`, PEM files. A non-empty `client_ca` makes clients show a certificate of
// that authority.
//
// NOT_FOUND names the flag and file that cannot be read; INVALID_ARGUMENT the
// one without a certificate or key, or a key that belongs to another
// certificate.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> LoadTlsCredentials(
    const std::string& cert, const std::string& key,
    const std::string& client_ca);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_TLS_FILES_H_
