#include "libs/engine/call.h"

#include <iterator>
#include <stop_token>
#include <utility>

namespace stagebeam::engine {

int CallRequest::branch_count() const {
  int count = 0;
  for (const PromptBranches& prompt : prompts) count += prompt.branch_count;
  return count;
}

int CallRequest::prompt_token_count() const {
  size_t count = 0;
  for (const PromptBranches& prompt : prompts)
    count += prompt.prompt_token_ids.size();
  return static_cast<int>(count);
}

bool CallTicket::HasNews() const {
  return result_.has_value() || load_wanted_ || cancelled_ || !ended_.empty();
}

CallTicket::Event CallTicket::Wait() {
  // Made and destroyed outside the lock, which the callback takes.
  const std::stop_callback on_cancel(request_.control.cancellation, [this] {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  });
  absl::MutexLock lock(&mutex_);
  const bool news = mutex_.AwaitWithDeadline(
      absl::Condition(this, &CallTicket::HasNews), request_.control.deadline);
  if (!ended_.empty()) return Event::kBranchEnd;
  if (result_.has_value()) return Event::kDone;
  if (news && !cancelled_) {
    load_wanted_ = false;
    return Event::kLoad;
  }
  abandoned_ = true;
  return cancelled_ ? Event::kCancelled : Event::kExpired;
}

void CallTicket::Deliver(absl::StatusOr<Features> features) {
  absl::MutexLock lock(&mutex_);
  features_ = std::move(features);
}

std::vector<EndedBranch> CallTicket::TakeEnded() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(ended_, {});
}

absl::StatusOr<CallResult> CallTicket::TakeResult() {
  absl::MutexLock lock(&mutex_);
  return *std::exchange(result_, std::nullopt);
}

void CallTicket::AskToLoad() {
  absl::MutexLock lock(&mutex_);
  load_wanted_ = true;
}

std::optional<absl::StatusOr<Features>> CallTicket::TakeFeatures() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(features_, std::nullopt);
}

void CallTicket::TellOf(std::vector<EndedBranch> ended) {
  absl::MutexLock lock(&mutex_);
  ended_.insert(ended_.end(), std::make_move_iterator(ended.begin()),
                std::make_move_iterator(ended.end()));
}

void CallTicket::Finish(absl::StatusOr<CallResult> result) {
  absl::MutexLock lock(&mutex_);
  if (!result_.has_value()) result_ = std::move(result);
}

bool CallTicket::abandoned() const {
  absl::MutexLock lock(&mutex_);
  return abandoned_;
}

}  // namespace stagebeam::engine
