#include "services/encoder/encoding_queue.h"

#include <stop_token>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::encoder {
namespace {

// About the time that a full queue takes to move on.
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

}  // namespace

absl::StatusOr<EncodingQueue::Turn> EncodingQueue::Enter(
    const inference::RequestContext& context) {
  const std::stop_callback wake(context.cancellation, [this] {
    absl::MutexLock lock(&mutex_);
    changed_.SignalAll();
  });
  absl::MutexLock lock(&mutex_);
  if (!HasRoom() && waiting_ >= options_.max_waiting) {
    const absl::Status full = absl::ResourceExhaustedError(
        absl::StrCat("the encoder's queue is full: ", waiting_,
                     " pictures wait, the limit is ", options_.max_waiting));
    return serving::RetryAfter(full, kRetryDelay);
  }
  AwaitRoom(context);
  if (context.cancellation.stop_requested()) {
    changed_.SignalAll();  // Whoever took the wake-up passes it on.
    return absl::CancelledError("caller left");
  }
  if (!HasRoom()) {
    return absl::DeadlineExceededError("the picture waited too long");
  }
  ++running_;
  return Turn(*this);
}

void EncodingQueue::AwaitRoom(const inference::RequestContext& context) {
  ++waiting_;
  bool late = false;
  while (!HasRoom() && !late && !context.cancellation.stop_requested()) {
    late = changed_.WaitWithDeadline(&mutex_, context.deadline);
  }
  --waiting_;
}

void EncodingQueue::Leave() {
  absl::MutexLock lock(&mutex_);
  --running_;
  changed_.SignalAll();
}

EncodingQueue::Load EncodingQueue::load() const {
  absl::MutexLock lock(&mutex_);
  return {running_, waiting_};
}

}  // namespace stagebeam::encoder
