#include "services/generator/request_check.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"
#include "services/worker/feature_source.h"

namespace stagebeam::generator {
namespace {

using serving::InvalidField;

constexpr int kMaxCandidates = 64;
constexpr int kMaxFirstIndex = 1 << 20;
constexpr size_t kMaxStopStrings = 8;

absl::Status CheckPrefix(const inference::GenerateRequest& request,
                         const RequestLimits& limits) {
  for (size_t i = 0; i < request.prefix_token_ids.size(); ++i) {
    const int32_t id = request.prefix_token_ids[i];
    const std::string field = absl::StrCat("prefix_token_ids[", i, "]");
    if (id < 0 || id >= limits.token_count) {
      return InvalidField(
          field, absl::StrCat("must be within [0, ", limits.token_count - 1,
                              "], is ", id));
    }
    if (id == limits.image_id)
      return InvalidField(field, "must not be <|image|>");
  }
  return absl::OkStatus();
}

// Comparisons are written so that NaN fails them.
absl::Status CheckSampling(const inference::SamplingParameters& sampling) {
  if (!(sampling.temperature >= 0 && sampling.temperature <= 2)) {
    return InvalidField(
        "sampling.temperature",
        absl::StrCat("must be within [0, 2], is ", sampling.temperature));
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return InvalidField(
        "sampling.top_p",
        absl::StrCat("must be within (0, 1], is ", sampling.top_p));
  }
  if (sampling.top_k < 0) {
    return InvalidField(
        "sampling.top_k",
        absl::StrCat("must not be negative, is ", sampling.top_k));
  }
  if (sampling.stage_index < 0) {
    return InvalidField(
        "sampling.stage_index",
        absl::StrCat("must not be negative, is ", sampling.stage_index));
  }
  return absl::OkStatus();
}

absl::Status CheckCandidates(const inference::GenerateRequest& request) {
  if (request.candidate_count < 1 || request.candidate_count > kMaxCandidates) {
    return InvalidField("candidate_count",
                        absl::StrCat("must be within [1, ", kMaxCandidates,
                                     "], is ", request.candidate_count));
  }
  const int first = request.first_candidate_index;
  if (first < 0 || first > kMaxFirstIndex) {
    return InvalidField(
        "first_candidate_index",
        absl::StrCat("must be within [0, ", kMaxFirstIndex, "], is ", first));
  }
  return absl::OkStatus();
}

absl::Status CheckStopStrings(const inference::StoppingParameters& stopping) {
  if (stopping.stop_strings.size() > kMaxStopStrings) {
    return InvalidField("stopping.stop_strings",
                        absl::StrCat("must be at most ", kMaxStopStrings,
                                     ", are ", stopping.stop_strings.size()));
  }
  for (size_t i = 0; i < stopping.stop_strings.size(); ++i) {
    if (stopping.stop_strings[i].empty()) {
      return InvalidField(absl::StrCat("stopping.stop_strings[", i, "]"),
                          "must not be empty");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckStopping(const inference::StoppingParameters& stopping,
                           int limit) {
  if (absl::Status status = CheckStopStrings(stopping); !status.ok())
    return status;
  if (stopping.max_new_tokens < 0 || stopping.max_new_tokens > limit) {
    return InvalidField("stopping.max_new_tokens",
                        absl::StrCat("must be within [0, ", limit, "], is ",
                                     stopping.max_new_tokens));
  }
  const int most =
      stopping.max_new_tokens == 0 ? limit : stopping.max_new_tokens;
  if (stopping.min_new_tokens < 0 || stopping.min_new_tokens > most) {
    return InvalidField("stopping.min_new_tokens",
                        absl::StrCat("must be within [0, ", most, "], is ",
                                     stopping.min_new_tokens));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRequest(const inference::GenerateRequest& request,
                          const RequestLimits& limits) {
  if (absl::Status status = worker::CheckImage(request.image); !status.ok())
    return status;
  if (request.question.empty())
    return InvalidField("question", "must not be empty");
  if (absl::Status status = CheckPrefix(request, limits); !status.ok())
    return status;
  if (absl::Status status = CheckCandidates(request); !status.ok())
    return status;
  if (absl::Status status = CheckSampling(request.sampling); !status.ok())
    return status;
  return CheckStopping(request.stopping, limits.max_new_tokens);
}

}  // namespace stagebeam::generator
