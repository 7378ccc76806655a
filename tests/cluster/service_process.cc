#include "tests/cluster/service_process.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace stagebeam::testing {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// How often a wait looks whether the process is still there.
constexpr absl::Duration kGlance = absl::Seconds(1);

std::string Environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

// Follows the server's health until it is SERVING, `deadline` comes, or the
// stream ends.
bool WatchUntilServing(Health::Stub& stub, absl::Time deadline) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(deadline));
  const auto stream = stub.Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  while (stream->Read(&response)) {
    if (response.status() == HealthCheckResponse::SERVING) return true;
  }
  return false;
}

}  // namespace

std::string ProgramPath(const std::string& kind) {
  return absl::StrCat(Environment("STAGEBEAM_BIN", "build/release/bin"),
                      "/stagebeam-", kind);
}

std::string SourcePath(const std::string& file) {
  return absl::StrCat(Environment("STAGEBEAM_SOURCE", "."), "/", file);
}

ServiceProcess::ServiceProcess(std::string kind, std::vector<std::string> flags,
                               const ScratchDirectory& directory)
    : kind_(std::move(kind)),
      flags_(std::move(flags)),
      port_(FreePort()),
      metrics_port_(FreePort()),
      address_(absl::StrCat("127.0.0.1:", port_)),
      log_path_(directory.File(absl::StrCat(kind_, ".", port_, ".log"))) {}

void ServiceProcess::Launch() {
  std::vector<std::string> argv = {
      ProgramPath(kind_), absl::StrCat("--listen=", address_),
      absl::StrCat("--metrics_listen=127.0.0.1:", metrics_port_)};
  if (kind_ != "orchestrator") {
    argv.push_back(
        absl::StrCat("--checkpoint=", SourcePath("models/reference")));
    argv.push_back("--threads=1");
  }
  argv.insert(argv.end(), flags_.begin(), flags_.end());
  auto process = Process::Start(argv, {.stderr_path = log_path_});
  ASSERT_TRUE(process.ok()) << process.status();
  process_ = *std::move(process);
}

absl::Status ServiceProcess::AwaitServing(absl::Time deadline) {
  const auto stub = Health::NewStub(NewChannel());
  while (absl::Now() < deadline) {
    if (WatchUntilServing(*stub, std::min(deadline, absl::Now() + kGlance))) {
      return absl::OkStatus();
    }
    if (!process_->IsRunning()) {
      return absl::UnavailableError(absl::StrCat(kind_, " ended: ", Log()));
    }
  }
  return absl::DeadlineExceededError(
      absl::StrCat(kind_, " does not serve: ", Log()));
}

std::shared_ptr<grpc::Channel> ServiceProcess::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  // Each channel a connection of its own, as each user has.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(),
                                   arguments);
}

std::string ServiceProcess::MetricsPage() const {
  return HttpGet(metrics_port_, "/metrics");
}

double ServiceProcess::Metric(const std::string& family,
                              const std::string& labels) const {
  double sum = 0;
  const std::vector<std::string> lines = absl::StrSplit(MetricsPage(), '\n');
  for (const std::string& line : lines) {
    const bool is_sample = absl::StartsWith(line, family + " ") ||
                           absl::StartsWith(line, family + "{");
    double value = 0;
    if (!is_sample || !absl::StrContains(line, labels)) continue;
    if (absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) {
      sum += value;
    }
  }
  return sum;
}

std::string ServiceProcess::Log() const {
  std::ostringstream text;
  text << std::ifstream(log_path_).rdbuf();
  return text.str();
}

std::string HttpGet(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request =
      absl::StrCat("GET ", path,
                   " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==
          0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char buffer[16384];
    ssize_t count = 0;
    while ((count = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
      answer.append(buffer, static_cast<size_t>(count));
    }
  }
  close(fd);
  const size_t head_end = answer.find("\r\n\r\n");
  return head_end == answer.npos ? "" : answer.substr(head_end + 4);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  return bytes.str();
}

}  // namespace stagebeam::testing
