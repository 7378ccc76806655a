#include "libs/serving/lateness.h"

namespace stagebeam::serving {
namespace {

constexpr double kRounding = 0.01;
// Of the way from the caller to here.
constexpr absl::Duration kTransit = absl::Milliseconds(20);

}  // namespace

absl::Status WithLateness(const absl::Status& status, absl::Time arrival,
                          absl::Time deadline, absl::Time now) {
  if (!absl::IsCancelled(status) || deadline == absl::InfiniteFuture())
    return status;
  const absl::Duration slack = (deadline - arrival) * kRounding + kTransit;
  if (now < deadline - slack) return status;
  return absl::DeadlineExceededError(status.message());
}

}  // namespace stagebeam::serving
