#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_EARLY_DUELS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_EARLY_DUELS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/inference/judge.h"
#include "libs/search/search.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/fan_out.h"

namespace stagebeam::orchestrator {

// Verdicts of a comparison's pairs; none where there is none yet.
using Verdicts = std::vector<std::optional<search::Verdict>>;

// Duels of one expansion that are fought while others of its candidates are
// still sampled: those that the search foresees. When it asks for its duels,
// their verdicts are there or on their way. A wrong guess is dropped, and a
// duel that failed counts as never begun.
//
// Thread-safe.
class EarlyDuels {
 public:
  // One call to the judge, ready to be made on any thread. Blocks.
  using JudgeCall = std::function<absl::StatusOr<inference::CompareResult>(
      std::stop_token cancellation)>;
  using MakeJudgeCall = std::function<JudgeCall(const search::Compare&)>;

  // Candidate `index` of a branch.
  struct Ended {
    int index = 0;
    search::Candidate candidate;
  };

  // What the duels came to in the end.
  struct Tally {
    EarlyDuelCounts counts;
    // Duels with a verdict, and what these cost, whether they were used or not.
    int decided = 0;
    inference::JudgeUsage usage;
  };

  // For the candidates of `expand`, which `search` has asked for last. Calls
  // run on `threads`, and not at all while those are busy. Both must outlive
  // it; `search` must not change until all candidates have ended.
  // `cancellation`: the caller's.
  EarlyDuels(const search::Search& search, const search::Expand& expand,
             FanOut& threads, MakeJudgeCall make_call,
             std::stop_token cancellation);
  // As Close.
  ~EarlyDuels();
  EarlyDuels(const EarlyDuels&) = delete;
  EarlyDuels& operator=(const EarlyDuels&) = delete;

  // Candidates of expand.branches[branch] have ended: sends the judge the duels
  // that can now be fought, unless no other candidate runs. Returns at once. A
  // candidate that is told again is ignored.
  void CandidatesEnded(size_t branch, std::vector<Ended> candidates)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // A branch has failed: other candidates take the indices of its own, so that
  // nothing can be foreseen any more.
  void BranchFailed() ABSL_LOCKS_EXCLUDED(mutex_);

  // The search asks for `compare`. Indices of its pairs that nobody fights yet;
  // calls that hold none of its pairs are cancelled.
  std::vector<size_t> Claim(const search::Compare& compare)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for the duels of `compare` that were begun, and puts their verdicts
  // where there are none. A duel that failed leaves its place empty.
  void Collect(const search::Compare& compare, Verdicts& verdicts)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Cancels what still runs and waits for its end.
  Tally Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A call to the judge. All but `compare`, `judge` and `stop` is guarded by
  // mutex_.
  struct Call {
    search::Compare compare;
    JudgeCall judge;
    std::stop_source stop;
    // A thread makes it, and is not to be stopped by being late.
    bool begun = false;
    // None until it has ended.
    std::optional<absl::StatusOr<inference::CompareResult>> result;
    // By pair: the search took the verdict.
    std::vector<bool> used;
  };
  // Pair `pair` of a call.
  struct Duel {
    Call* call = nullptr;
    size_t pair = 0;
  };

  // Sends the judge what the search foresees and nobody fights yet.
  void Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run(Call& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // True where a call that a thread has come to is still worth making; takes it
  // away otherwise.
  bool StillEarly(Call& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // The duel of `compare`'s pair that has a verdict or will have one.
  std::optional<Duel> Find(const search::Compare& compare,
                           const search::Pair& pair) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Count(const Call& call, Tally& tally);

  const search::Search& search_;
  FanOut& threads_;
  const MakeJudgeCall make_call_;
  const std::stop_token cancellation_;
  const int candidate_count_;
  mutable absl::Mutex mutex_;
  search::Partial partial_ ABSL_GUARDED_BY(mutex_);
  int ended_ ABSL_GUARDED_BY(mutex_) = 0;
  // No duel is begun any more: all candidates have ended, or nobody knows who
  // will meet whom.
  bool late_ ABSL_GUARDED_BY(mutex_) = false;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_EARLY_DUELS_H_
