#ifndef STAGEBEAM_LIBS_REMOTE_GENERATOR_CONVERSION_H_
#define STAGEBEAM_LIBS_REMOTE_GENERATOR_CONVERSION_H_

#include <vector>

#include "libs/inference/generator.h"
#include "stagebeam/generator/v1/generator.pb.h"

// Between stagebeam.generator.v1 and libs/inference. Any message converts;
// numbers pass as they are, and checking their ranges is the services' part.
namespace stagebeam::remote {

// Absent sampling values become the contract's: 0.6, 0.9 and 50.
inference::SamplingParameters FromProto(
    const generator::v1::SamplingParameters& proto);
generator::v1::SamplingParameters ToProto(
    const inference::SamplingParameters& sampling);

inference::StoppingParameters FromProto(
    const generator::v1::StoppingParameters& proto);
generator::v1::StoppingParameters ToProto(
    const inference::StoppingParameters& stopping);

// An unspecified or unknown reason becomes kLength: nothing was closed that we
// know of.
inference::FinishReason FromProto(generator::v1::FinishReason proto);
generator::v1::FinishReason ToProto(inference::FinishReason reason);

inference::Candidate FromProto(const generator::v1::Candidate& proto);
generator::v1::Candidate ToProto(const inference::Candidate& candidate);

std::vector<inference::EndedCandidate> FromProto(
    const generator::v1::CandidatesEnded& proto);
generator::v1::CandidatesEnded ToProto(
    const std::vector<inference::EndedCandidate>& ended);

inference::GenerationUsage FromProto(
    const generator::v1::GenerationUsage& proto);
generator::v1::GenerationUsage ToProto(const inference::GenerationUsage& usage);

inference::GenerateRequest FromProto(
    const generator::v1::GenerateCandidatesRequest& proto);
generator::v1::GenerateCandidatesRequest ToProto(
    const inference::GenerateRequest& request);

inference::GenerateResult FromProto(
    const generator::v1::GenerateCandidatesResponse& proto);
generator::v1::GenerateCandidatesResponse ToProto(
    const inference::GenerateResult& result);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_GENERATOR_CONVERSION_H_
