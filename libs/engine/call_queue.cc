#include "libs/engine/call_queue.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace stagebeam::engine {

absl::Status CallQueue::Enter(const std::shared_ptr<CallTicket>& ticket) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return absl::CancelledError("the engine is shutting down");
  if (static_cast<int>(waiting_.size()) >= max_waiting_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("queue full: ", waiting_.size(), " calls wait already"));
  }
  waiting_.push_back(ticket);
  ++entered_;
  news_ = true;
  return absl::OkStatus();
}

bool CallQueue::Leave(const CallTicket& ticket) {
  absl::MutexLock lock(&mutex_);
  --entered_;
  news_ = true;
  return Erase(ticket);
}

void CallQueue::Wake() {
  absl::MutexLock lock(&mutex_);
  news_ = true;
}

bool CallQueue::WaitForWork(bool busy) {
  absl::MutexLock lock(&mutex_);
  const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return news_ || closed_;
  };
  if (!busy) mutex_.Await(absl::Condition(&ready));
  news_ = false;
  return !closed_;
}

std::shared_ptr<CallTicket> CallQueue::First() {
  absl::MutexLock lock(&mutex_);
  return waiting_.empty() ? nullptr : waiting_.front();
}

bool CallQueue::Remove(const CallTicket& ticket) {
  absl::MutexLock lock(&mutex_);
  return Erase(ticket);
}

bool CallQueue::Erase(const CallTicket& ticket) {
  return std::erase_if(waiting_, [&](const auto& waiting) {
           return waiting.get() == &ticket;
         }) > 0;
}

CallQueue::Load CallQueue::load() const {
  absl::MutexLock lock(&mutex_);
  Load load;
  for (const auto& ticket : waiting_) {
    ++load.calls;
    load.branches += std::max(1, ticket->request().branch_count());
  }
  return load;
}

void CallQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

void CallQueue::FinishAll(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  for (const auto& ticket : waiting_) ticket->Finish(status);
  waiting_.clear();
}

void CallQueue::AwaitEmpty() {
  absl::MutexLock lock(&mutex_);
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return entered_ == 0;
  };
  mutex_.Await(absl::Condition(&empty));
}

}  // namespace stagebeam::engine
