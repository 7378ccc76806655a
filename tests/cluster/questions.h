#ifndef STAGEBEAM_TESTS_CLUSTER_QUESTIONS_H_
#define STAGEBEAM_TESTS_CLUSTER_QUESTIONS_H_

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>
#include <vector>

#include "stagebeam/orchestrator/v1/orchestrator.grpc.pb.h"

namespace stagebeam::testing {

// A picture of examples/pictures, as a file's bytes.
std::string Picture(const std::string& name);

// A question about a picture that the reference checkpoint knows how to answer,
// by stage beam with 4 candidates and a fixed seed, with its trace.
orchestrator::v1::ReasonRequest AskForColor();
orchestrator::v1::ReasonRequest AskForSum();
// As AskForSum, sampled so hot that candidates differ and the judge has
// something to decide.
orchestrator::v1::ReasonRequest AskWithDuels();

// A context with a deadline that only a hanging server meets.
void SetPatience(grpc::ClientContext& context);

// What a call gave.
struct Reply {
  grpc::Status status;
  orchestrator::v1::ReasonResponse response;
};
Reply Reason(orchestrator::v1::OrchestratorService::Stub& client,
             const orchestrator::v1::ReasonRequest& request);

// The texts of a response that depend on its seed and nothing else: stages,
// candidates, winners and degradations.
std::string Essence(const orchestrator::v1::ReasonResponse& response);

// Field of the first google.rpc.BadRequest violation; nothing where there is
// none.
std::optional<std::string> ViolatedField(const grpc::Status& status);

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_CLUSTER_QUESTIONS_H_
