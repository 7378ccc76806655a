#include "cli/ask.h"

#include <grpcpp/grpcpp.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/json_printer.h"
#include "stagebeam/orchestrator/v1/orchestrator.grpc.pb.h"

namespace stagebeam::cli {
namespace {

using orchestrator::v1::OrchestratorService;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::StreamReasonRequest;
using orchestrator::v1::StreamReasonResponse;

// A trace of 64 candidates in every sentence stays far below.
constexpr int kMaxEventBytes = 256 << 20;

std::string ReadAll(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

absl::StatusOr<std::string> ReadPicture(const std::string& path,
                                        std::istream& in) {
  if (path == "-") return ReadAll(in);
  std::ifstream file(path, std::ios::binary);
  // Opening a directory succeeds; only reading tells.
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    return absl::NotFoundError(
        absl::StrCat("--image: cannot read ", path, ": ",
                     errno != 0 ? std::strerror(errno) : "empty file"));
  }
  return ReadAll(file);
}

absl::StatusOr<StreamReasonRequest> MakeRequest(const AskConfig& config,
                                                std::istream& in) {
  StreamReasonRequest stream;
  auto& request = *stream.mutable_request();
  if (config.image.empty()) {
    request.set_image_key(config.image_key);
  } else {
    absl::StatusOr<std::string> picture = ReadPicture(config.image, in);
    if (!picture.ok()) return picture.status();
    request.set_image(*std::move(picture));
  }
  request.set_request_id(config.request_id);
  request.set_question(config.question);
  request.set_include_trace(!config.trace_file.empty());
  if (config.search.ByteSizeLong() > 0)
    *request.mutable_search() = config.search;
  return stream;
}

absl::Status WriteTrace(const std::string& path,
                        const ReasonResponse& response) {
  std::ofstream file(path);
  file << ToJson(response, /*indented=*/true);
  file.close();
  if (file) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("--trace: cannot write ", path));
}

// gRPC's status as absl's; the address tells who could not be reached.
absl::Status ToStatus(const grpc::Status& status, const std::string& server) {
  std::string message = status.error_message();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    message = absl::StrCat("orchestrator at ", server, ": ", message);
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      message);
}

std::unique_ptr<OrchestratorService::Stub> Connect(const std::string& server) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxEventBytes);
  return OrchestratorService::NewStub(grpc::CreateCustomChannel(
      server, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace

absl::Status Ask(const AskConfig& config, std::istream& in,
                 EventPrinter& printer) {
  errno = 0;
  absl::StatusOr<StreamReasonRequest> request = MakeRequest(config, in);
  if (!request.ok()) return request.status();
  const auto stub = Connect(config.server);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       absl::ToChronoMilliseconds(config.timeout));
  const absl::Time start = absl::Now();
  const auto reader = stub->StreamReason(&context, *request);
  StreamReasonResponse event;
  ReasonResponse response;
  bool finished = false;
  while (reader->Read(&event)) {
    printer.Print(event, absl::Now() - start);
    if (!event.has_finished()) continue;
    finished = true;
    response = event.finished();
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return ToStatus(status, config.server);
  if (!finished)
    return absl::InternalError("the server ended the stream without an answer");
  if (config.trace_file.empty()) return absl::OkStatus();
  return WriteTrace(config.trace_file, response);
}

}  // namespace stagebeam::cli
