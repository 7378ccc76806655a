#ifndef STAGEBEAM_LIBS_ENGINE_CALL_H_
#define STAGEBEAM_LIBS_ENGINE_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/engine/engine.h"

namespace stagebeam::engine {

// A checked call, Generate and Score alike: both prefill prompts; then Generate
// samples branches and Score reads the next token's probabilities.
struct CallRequest {
  CallControl control;
  std::optional<ImagePrompt> image;
  // Score: with no branches.
  std::vector<PromptBranches> prompts;
  // Score only.
  std::vector<int32_t> choices;
  Sampling sampling;
  // max_new_tokens is the number in force; 0 for Score.
  Stopping stopping;
  bool want_token_logprobs = false;
  // May be empty.
  BranchListener on_branch_end;
  // Tokens in front of <|image|>, kept with the picture; 0 without a picture.
  int head_length = 0;

  bool is_score() const { return !choices.empty(); }
  // The picture's key, or "" without one.
  std::string root() const { return image ? image->key : std::string(); }
  // Tokens of prompt `p` behind the head.
  std::span<const int32_t> body(int p) const {
    return std::span(prompts[p].prompt_token_ids).subspan(head_length);
  }
  int branch_count() const;
  int prompt_token_count() const;
};

struct CallResult {
  std::vector<std::vector<Branch>> branches;
  std::vector<std::vector<double>> probabilities;
  CallUsage usage;
};

// Where the thread that makes a call and the scheduler thread meet.
//
// Thread-safe.
class CallTicket {
 public:
  CallTicket(CallRequest request, absl::Time arrival)
      : request_(std::move(request)), arrival_(arrival) {}

  const CallRequest& request() const { return request_; }
  absl::Time arrival() const { return arrival_; }

  // What the caller's thread has to do next: take the result, load features,
  // hear of branches that have ended, or give up. After the last two of these
  // the ticket is abandoned.
  enum class Event { kDone, kLoad, kBranchEnd, kCancelled, kExpired };
  Event Wait() ABSL_LOCKS_EXCLUDED(mutex_);
  // Answers kLoad.
  void Deliver(absl::StatusOr<Features> features) ABSL_LOCKS_EXCLUDED(mutex_);
  // After kBranchEnd: those that have ended since the last time.
  std::vector<EndedBranch> TakeEnded() ABSL_LOCKS_EXCLUDED(mutex_);
  // After kDone, once.
  absl::StatusOr<CallResult> TakeResult() ABSL_LOCKS_EXCLUDED(mutex_);

  // The scheduler's side.
  void AskToLoad() ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<absl::StatusOr<Features>> TakeFeatures()
      ABSL_LOCKS_EXCLUDED(mutex_);
  void TellOf(std::vector<EndedBranch> ended) ABSL_LOCKS_EXCLUDED(mutex_);
  void Finish(absl::StatusOr<CallResult> result) ABSL_LOCKS_EXCLUDED(mutex_);
  bool abandoned() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CallRequest request_;
  const absl::Time arrival_;
  mutable absl::Mutex mutex_;
  bool load_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::StatusOr<Features>> features_ ABSL_GUARDED_BY(mutex_);
  std::vector<EndedBranch> ended_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::StatusOr<CallResult>> result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_CALL_H_
