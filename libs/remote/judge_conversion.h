#ifndef STAGEBEAM_LIBS_REMOTE_JUDGE_CONVERSION_H_
#define STAGEBEAM_LIBS_REMOTE_JUDGE_CONVERSION_H_

#include "absl/status/statusor.h"
#include "libs/inference/judge.h"
#include "stagebeam/judge/v1/judge.pb.h"

// Between stagebeam.judge.v1 and libs/inference. Numbers pass as they are, and
// checking their ranges is the services' part; enums that the ports cannot
// express are errors.
namespace stagebeam::remote {

// INVALID_ARGUMENT "subject: …" where unspecified or unknown.
absl::StatusOr<inference::Subject> FromProto(judge::v1::Subject proto);
judge::v1::Subject ToProto(inference::Subject subject);

// Unspecified is kDefault. INVALID_ARGUMENT "method: …" where unknown.
absl::StatusOr<inference::JudgeMethod> FromProto(judge::v1::Method proto);
judge::v1::Method ToProto(inference::JudgeMethod method);

inference::Verdict FromProto(const judge::v1::Verdict& proto);
judge::v1::Verdict ToProto(const inference::Verdict& verdict);

inference::JudgeUsage FromProto(const judge::v1::JudgeUsage& proto);
judge::v1::JudgeUsage ToProto(const inference::JudgeUsage& usage);

// Errors as for Subject and Method.
absl::StatusOr<inference::CompareRequest> FromProto(
    const judge::v1::ComparePairsRequest& proto);
judge::v1::ComparePairsRequest ToProto(
    const inference::CompareRequest& request);

inference::CompareResult FromProto(
    const judge::v1::ComparePairsResponse& proto);
judge::v1::ComparePairsResponse ToProto(const inference::CompareResult& result);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_JUDGE_CONVERSION_H_
