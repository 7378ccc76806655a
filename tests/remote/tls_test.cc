// A replica set and a server that speak TLS, with certificates made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/remote/remote_encoder.h"
#include "libs/remote/replica_set.h"
#include "libs/serving/tls_files.h"
#include "tests/serving/encoder_server.h"

namespace stagebeam::remote {
namespace {

using serving::EncoderServer;
using ::testing::HasSubstr;

// A folder with an authority (ca), a server and a client that it signed, a
// server named localhost, and a stranger that signed itself; <name>.pem and
// <name>.key each.
class Certificates : public testing::Test {
 protected:
  Certificates() : folder_(absl::StrCat(testing::TempDir(), "tls.", getpid())) {
    std::filesystem::create_directories(folder_);
    SelfSigned("ca");
    SelfSigned("stranger");
    Signed("server");
    Signed("client");
    Signed("named", "DNS:localhost");
  }
  ~Certificates() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& file) const {
    return absl::StrCat(folder_, "/", file);
  }

  EncoderServer::Script Script(const std::string& client_ca,
                               const std::string& name = "server") const {
    serving::ServerOptions options;
    options.tls_cert = Path(name + ".pem");
    options.tls_key = Path(name + ".key");
    options.tls_client_ca = client_ca;
    return {.options = options};
  }

  // How a call to `server` ends.
  absl::Status Call(const EncoderServer& server,
                    const ChannelOptions& channel) const {
    return Call(server.address(), channel);
  }
  absl::Status Call(const std::string& address,
                    const ChannelOptions& channel) const {
    ReplicaSetOptions options;
    options.channel = channel;
    options.max_attempts = 1;
    const auto set = ReplicaSet::Create(address, options);
    EXPECT_TRUE(set.ok()) << set.status();
    return RemoteEncoder(**set).EncodeImage({}, "picture").status();
  }

 private:
  void Run(const std::string& arguments) const {
    const std::string command =
        absl::StrCat("cd ", folder_, " && openssl ", arguments, " 2> log");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  void SelfSigned(const std::string& name) const {
    Run(absl::StrCat("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 ",
                     "-nodes -days 2 -subj /CN=", name, " -keyout ", name,
                     ".key -out ", name, ".pem"));
  }

  void Signed(const std::string& name,
              const std::string& alternative = "IP:127.0.0.1") const {
    Run(absl::StrCat("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 ",
                     "-nodes -subj /CN=", name, " -addext ",
                     "subjectAltName=", alternative, " -keyout ", name,
                     ".key -out ", name, ".csr"));
    Run(absl::StrCat("x509 -req -in ", name, ".csr -CA ca.pem -CAkey ca.key ",
                     "-CAcreateserial -days 2 -copy_extensions copy -out ",
                     name, ".pem"));
  }

  const std::string folder_;
};

TEST_F(Certificates, AServerOfTheAuthorityIsTrusted) {
  const EncoderServer server(Script(""));
  EXPECT_TRUE(Call(server, {.tls_ca = Path("ca.pem")}).ok());
}

TEST_F(Certificates, AServerFoundByNameProvesThatName) {
  const ChannelOptions channel = {.tls_ca = Path("ca.pem")};
  const auto by_name = [](EncoderServer& server) {
    return absl::StrCat("dns:///localhost:", server.server().port());
  };
  EncoderServer named(Script("", "named"));
  EXPECT_TRUE(Call(by_name(named), channel).ok());
  EXPECT_FALSE(Call(named, channel).ok());
  EncoderServer numbered(Script(""));
  EXPECT_FALSE(Call(by_name(numbered), channel).ok());
}

TEST_F(Certificates, AnyOtherServerIsNot) {
  const EncoderServer server(Script(""));
  EXPECT_EQ(Call(server, {.tls_ca = Path("stranger.pem")}).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(Certificates, PlainTextDoesNotReachATlsServer) {
  const EncoderServer server(Script(""));
  EXPECT_EQ(Call(server, {}).code(), absl::StatusCode::kUnavailable);
}

TEST_F(Certificates, WhereClientsNeedACertificateOnlyTheAuthoritysWillDo) {
  const EncoderServer server(Script(Path("ca.pem")));
  EXPECT_FALSE(Call(server, {.tls_ca = Path("ca.pem")}).ok());
  EXPECT_FALSE(Call(server, {.tls_ca = Path("ca.pem"),
                             .tls_cert = Path("stranger.pem"),
                             .tls_key = Path("stranger.key")})
                   .ok());
  EXPECT_TRUE(Call(server, {.tls_ca = Path("ca.pem"),
                            .tls_cert = Path("client.pem"),
                            .tls_key = Path("client.key")})
                  .ok());
}

TEST_F(Certificates, FilesThatDoNotFitAreNamed) {
  const auto says = [this](const std::string& cert, const std::string& key,
                           const std::string& ca) {
    return std::string(serving::LoadTlsCredentials(Path(cert), Path(key),
                                                   ca.empty() ? "" : Path(ca))
                           .status()
                           .message());
  };
  EXPECT_EQ(says("server.pem", "server.key", "ca.pem"), "");
  EXPECT_THAT(says("lost.pem", "server.key", ""),
              HasSubstr("tls_cert: cannot read"));
  EXPECT_THAT(says("server.pem", "lost.key", ""),
              HasSubstr("tls_key: cannot read"));
  EXPECT_THAT(says("server.key", "server.key", ""),
              HasSubstr("tls_cert: the file holds no PEM certificate"));
  EXPECT_THAT(says("server.pem", "server.pem", ""),
              HasSubstr("tls_key: the file holds no plain PEM private key"));
  EXPECT_THAT(says("server.pem", "client.key", ""),
              HasSubstr("tls_key: belongs to another certificate"));
  EXPECT_THAT(says("server.pem", "server.key", "ca.key"),
              HasSubstr("tls_client_ca: the file holds no PEM certificate"));
}

}  // namespace
}  // namespace stagebeam::remote
