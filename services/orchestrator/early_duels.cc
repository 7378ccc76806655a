#include "services/orchestrator/early_duels.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace stagebeam::orchestrator {
namespace {

int CandidatesOf(const search::Expand& expand) {
  int count = 0;
  for (const search::Branch& branch : expand.branches) count += branch.count;
  return count;
}

search::Partial NothingYet(const search::Expand& expand) {
  search::Partial partial;
  for (const search::Branch& branch : expand.branches)
    partial.sets.emplace_back(static_cast<size_t>(branch.count));
  return partial;
}

const std::string& TextOf(const search::Compare& compare, int candidate) {
  return compare.candidates[static_cast<size_t>(candidate)];
}

// True where a judge is asked the same about the pairs: all that a verdict
// depends on.
bool AreAlike(const search::Compare& a, const search::Pair& of_a,
              const search::Compare& b, const search::Pair& of_b) {
  return of_a.first == of_b.first && of_a.second == of_b.second &&
         TextOf(a, of_a.first) == TextOf(b, of_b.first) &&
         TextOf(a, of_a.second) == TextOf(b, of_b.second) &&
         a.subject == b.subject && a.hint == b.hint && a.seed == b.seed;
}

}  // namespace

EarlyDuels::EarlyDuels(const search::Search& search,
                       const search::Expand& expand, FanOut& threads,
                       MakeJudgeCall make_call, std::stop_token cancellation)
    : search_(search),
      threads_(threads),
      make_call_(std::move(make_call)),
      cancellation_(std::move(cancellation)),
      candidate_count_(CandidatesOf(expand)),
      partial_(NothingYet(expand)) {}

EarlyDuels::~EarlyDuels() { Close(); }

void EarlyDuels::CandidatesEnded(size_t branch, std::vector<Ended> candidates) {
  absl::MutexLock lock(&mutex_);
  if (late_) return;
  auto& set = partial_.sets[branch];
  for (Ended& ended : candidates) {
    const auto place = static_cast<size_t>(ended.index);
    if (ended.index < 0 || place >= set.size() || set[place]) continue;
    set[place] = std::move(ended.candidate);
    ++ended_;
  }
  late_ = ended_ == candidate_count_;
  if (!late_) Begin();
}

void EarlyDuels::BranchFailed() {
  absl::MutexLock lock(&mutex_);
  late_ = true;
}

void EarlyDuels::Begin() {
  std::optional<search::Compare> foreseen = search_.Foresee(partial_);
  if (!foreseen) return;
  std::erase_if(foreseen->pairs, [&](const search::Pair& pair) {
    return std::any_of(calls_.begin(), calls_.end(), [&](const auto& call) {
      const auto& begun = call->compare.pairs;
      return std::any_of(begun.begin(), begun.end(), [&](const auto& other) {
        return AreAlike(call->compare, other, *foreseen, pair);
      });
    });
  });
  if (foreseen->pairs.empty()) return;
  auto call = std::make_unique<Call>();
  call->judge = make_call_(*foreseen);
  call->used.resize(foreseen->pairs.size());
  call->compare = *std::move(foreseen);
  if (!threads_.TryRun([this, &call = *call] { Run(call); })) return;
  ++running_;
  calls_.push_back(std::move(call));
}

// Where all candidates have ended meanwhile, the search asks for all of its
// duels in a moment, and one call is better than two.
bool EarlyDuels::StillEarly(Call& call) {
  absl::MutexLock lock(&mutex_);
  call.begun = !late_;
  if (call.begun) return true;
  std::erase_if(calls_, [&](const auto& c) { return c.get() == &call; });
  --running_;
  return false;
}

void EarlyDuels::Run(Call& call) {
  if (!StillEarly(call)) return;
  const std::stop_callback with_caller(cancellation_,
                                       [&] { call.stop.request_stop(); });
  auto result = call.judge(call.stop.get_token());
  if (result.ok() && result->verdicts.size() != call.compare.pairs.size()) {
    result = absl::InternalError("the judge gave a wrong number of verdicts");
  }
  absl::MutexLock lock(&mutex_);
  call.result = std::move(result);
  --running_;
}

std::optional<EarlyDuels::Duel> EarlyDuels::Find(
    const search::Compare& compare, const search::Pair& pair) const {
  for (const auto& call : calls_) {
    const bool failed = call->result && !call->result->ok();
    if (failed || (late_ && !call->begun)) continue;
    for (size_t i = 0; i < call->compare.pairs.size(); ++i) {
      if (AreAlike(call->compare, call->compare.pairs[i], compare, pair))
        return Duel{call.get(), i};
    }
  }
  return std::nullopt;
}

std::vector<size_t> EarlyDuels::Claim(const search::Compare& compare) {
  std::vector<size_t> left;
  std::vector<const Call*> claimed;
  std::vector<std::stop_source> wrong;
  {
    absl::MutexLock lock(&mutex_);
    late_ = true;
    for (size_t i = 0; i < compare.pairs.size(); ++i) {
      const std::optional<Duel> duel = Find(compare, compare.pairs[i]);
      if (duel) claimed.push_back(duel->call);
      if (!duel) left.push_back(i);
    }
    for (const auto& call : calls_) {
      const bool wanted = std::find(claimed.begin(), claimed.end(),
                                    call.get()) != claimed.end();
      if (!wanted && !call->result) wrong.push_back(call->stop);
    }
  }
  for (std::stop_source& stop : wrong) stop.request_stop();
  return left;
}

void EarlyDuels::Collect(const search::Compare& compare, Verdicts& verdicts) {
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < compare.pairs.size(); ++i) {
    if (verdicts[i]) continue;
    const std::optional<Duel> duel = Find(compare, compare.pairs[i]);
    if (!duel) continue;
    Call& call = *duel->call;
    const auto ended = [&call] { return call.result.has_value(); };
    mutex_.Await(absl::Condition(&ended));
    if (!call.result->ok()) continue;
    const inference::Verdict& verdict = (**call.result).verdicts[duel->pair];
    verdicts[i] = search::Verdict{verdict.first_is_better, verdict.confidence,
                                  verdict.rationale};
    call.used[duel->pair] = true;
  }
}

EarlyDuels::Tally EarlyDuels::Close() {
  std::vector<std::stop_source> running;
  {
    absl::MutexLock lock(&mutex_);
    late_ = true;
    for (const auto& call : calls_) {
      if (!call->result) running.push_back(call->stop);
    }
  }
  for (std::stop_source& stop : running) stop.request_stop();
  absl::MutexLock lock(&mutex_);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return running_ == 0;
  };
  mutex_.Await(absl::Condition(&idle));
  Tally tally;
  for (const auto& call : calls_) Count(*call, tally);
  return tally;
}

void EarlyDuels::Count(const Call& call, Tally& tally) {
  const int duels = static_cast<int>(call.compare.pairs.size());
  if (!call.result->ok()) {
    int& count =
        call.stop.stop_requested() ? tally.counts.wasted : tally.counts.failed;
    count += duels;
    return;
  }
  const int used =
      static_cast<int>(std::count(call.used.begin(), call.used.end(), true));
  tally.counts.used += used;
  tally.counts.wasted += duels - used;
  tally.decided += duels;
  const inference::JudgeUsage& usage = (**call.result).usage;
  tally.usage.prompt_token_count += usage.prompt_token_count;
  tally.usage.reused_token_count += usage.reused_token_count;
  tally.usage.generated_token_count += usage.generated_token_count;
  tally.usage.queue_time += usage.queue_time;
  tally.usage.compute_time += usage.compute_time;
}

}  // namespace stagebeam::orchestrator
