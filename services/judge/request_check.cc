#include "services/judge/request_check.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"
#include "services/worker/feature_source.h"

namespace stagebeam::judge {
namespace {

using serving::InvalidField;

constexpr size_t kMaxPairs = 64;

absl::Status CheckIndex(const std::string& field, int index, size_t count) {
  if (index >= 0 && static_cast<size_t>(index) < count) return absl::OkStatus();
  return InvalidField(field, absl::StrCat("must be the index of one of ", count,
                                          " candidates, is ", index));
}

absl::Status CheckPair(const std::string& field, const inference::Pair& pair,
                       size_t count) {
  if (absl::Status status = CheckIndex(field + ".first", pair.first, count);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckIndex(field + ".second", pair.second, count);
      !status.ok()) {
    return status;
  }
  if (pair.first == pair.second) {
    return InvalidField(
        field, absl::StrCat("pairs candidate ", pair.first, " with itself"));
  }
  if (pair.stream.value_or(0) >= 0) return absl::OkStatus();
  return InvalidField(field + ".stream",
                      absl::StrCat("must be at least 0, is ", *pair.stream));
}

}  // namespace

absl::Status CheckRequest(const inference::CompareRequest& request) {
  if (absl::Status status = worker::CheckImage(request.image); !status.ok())
    return status;
  if (request.question.empty())
    return InvalidField("question", "must not be empty");
  if (request.pairs.empty()) return InvalidField("pairs", "must not be empty");
  if (request.pairs.size() > kMaxPairs) {
    return InvalidField("pairs", absl::StrCat("must be at most ", kMaxPairs,
                                              ", are ", request.pairs.size()));
  }
  for (size_t i = 0; i < request.pairs.size(); ++i) {
    absl::Status status =
        CheckPair(absl::StrCat("pairs[", i, "]"), request.pairs[i],
                  request.candidates.size());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace stagebeam::judge
