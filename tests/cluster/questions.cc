#include "tests/cluster/questions.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/cluster/service_process.h"

namespace stagebeam::testing {

using orchestrator::v1::Expansion;
using orchestrator::v1::OrchestratorService;
using orchestrator::v1::ReasonRequest;
using orchestrator::v1::ReasonResponse;

namespace {

ReasonRequest Ask(const std::string& picture, const std::string& question) {
  ReasonRequest request;
  request.set_image(Picture(picture));
  request.set_question(question);
  request.mutable_search()->mutable_stage_beam()->set_candidate_count(4);
  request.mutable_search()->mutable_sampling()->set_seed(7);
  request.set_include_trace(true);
  return request;
}

}  // namespace

std::string Picture(const std::string& name) {
  return ReadFile(SourcePath(absl::StrCat("examples/pictures/", name)));
}

ReasonRequest AskForColor() {
  return Ask("easy-vqa-color.png", "What color is the shape?");
}

ReasonRequest AskForSum() {
  return Ask("digits-sum.png", "What is the sum of the digits?");
}

ReasonRequest AskWithDuels() {
  ReasonRequest request = AskForSum();
  auto* sampling = request.mutable_search()->mutable_sampling();
  sampling->set_temperature(1.3);
  sampling->set_top_p(1.0);
  sampling->set_top_k(0);
  return request;
}

void SetPatience(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::minutes(2));
}

Reply Reason(OrchestratorService::Stub& client, const ReasonRequest& request) {
  grpc::ClientContext context;
  SetPatience(context);
  Reply reply;
  reply.status = client.Reason(&context, request, &reply.response);
  return reply;
}

std::string Essence(const ReasonResponse& response) {
  std::string text = response.answer();
  for (const auto& stage : response.stages()) {
    absl::StrAppend(&text, "\n", stage.stage(), ": ", stage.text());
  }
  for (const auto& degradation : response.degradations()) {
    absl::StrAppend(&text, "\ndegradation ", degradation.kind());
  }
  for (const Expansion& expansion : response.trace().expansions()) {
    for (const auto& candidate : expansion.candidates()) {
      absl::StrAppend(&text, "\ncandidate ", candidate.text());
    }
    for (const auto& duel : expansion.duels()) {
      absl::StrAppend(&text, "\nduel ", duel.first(), " ", duel.second(), " ",
                      duel.winner());
    }
    for (int survivor : expansion.survivors()) {
      absl::StrAppend(&text, "\nsurvivor ", survivor);
    }
  }
  return text;
}

std::optional<std::string> ViolatedField(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  google::rpc::BadRequest bad_request;
  for (const auto& detail : details.details()) {
    if (!detail.UnpackTo(&bad_request)) continue;
    if (bad_request.field_violations().empty()) continue;
    return bad_request.field_violations(0).field();
  }
  return std::nullopt;
}

}  // namespace stagebeam::testing
