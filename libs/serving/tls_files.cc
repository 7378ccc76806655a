#include "libs/serving/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::serving {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

absl::StatusOr<std::string> ReadFile(const char* flag,
                                     const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(flag, ": cannot read ", path));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Bio Open(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
             BIO_free);
}

Certificate ParseCertificate(const std::string& pem) {
  const Bio bio = Open(pem);
  Certificate certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  return certificate;
}

// An encrypted key is none: nobody is there to type a pass phrase.
Key ParseKey(const std::string& pem) {
  const Bio bio = Open(pem);
  const auto no_pass_phrase = [](char*, int, int, void*) { return -1; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr),
          EVP_PKEY_free);
  ERR_clear_error();
  return key;
}

absl::Status CheckPair(const std::string& cert, const std::string& key) {
  const Certificate certificate = ParseCertificate(cert);
  if (certificate == nullptr) {
    return InvalidField("tls_cert", "the file holds no PEM certificate");
  }
  const Key private_key = ParseKey(key);
  if (private_key == nullptr) {
    return InvalidField("tls_key", "the file holds no plain PEM private key");
  }
  if (X509_check_private_key(certificate.get(), private_key.get()) != 1) {
    ERR_clear_error();
    return InvalidField("tls_key", "belongs to another certificate");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> LoadTlsCredentials(
    const std::string& cert, const std::string& key,
    const std::string& client_ca) {
  absl::StatusOr<std::string> chain = ReadFile("tls_cert", cert);
  if (!chain.ok()) return chain.status();
  absl::StatusOr<std::string> private_key = ReadFile("tls_key", key);
  if (!private_key.ok()) return private_key.status();
  if (absl::Status pair = CheckPair(*chain, *private_key); !pair.ok()) {
    return pair;
  }
  grpc::SslServerCredentialsOptions options;
  if (!client_ca.empty()) {
    absl::StatusOr<std::string> roots = ReadFile("tls_client_ca", client_ca);
    if (!roots.ok()) return roots.status();
    if (ParseCertificate(*roots) == nullptr) {
      return InvalidField("tls_client_ca", "the file holds no PEM certificate");
    }
    options = grpc::SslServerCredentialsOptions(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = *roots;
  }
  options.pem_key_cert_pairs.push_back({*private_key, *chain});
  return grpc::SslServerCredentials(options);
}

}  // namespace stagebeam::serving
