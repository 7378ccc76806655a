#include "services/orchestrator/worker_calls.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "services/orchestrator/search_spans.h"

namespace stagebeam::orchestrator {
namespace {

search::Finish ToSearch(inference::FinishReason reason) {
  switch (reason) {
    case inference::FinishReason::kStopString:
      return search::Finish::kStopString;
    case inference::FinishReason::kEndOfTurn:
      return search::Finish::kEndOfTurn;
    case inference::FinishReason::kLength:
      break;
  }
  return search::Finish::kLength;
}

search::Candidate ToSearch(inference::Candidate candidate) {
  return {std::move(candidate.text), std::move(candidate.token_ids),
          ToSearch(candidate.finish_reason), candidate.logprob};
}

search::Verdict ToSearch(inference::Verdict verdict) {
  return {verdict.first_is_better, verdict.confidence,
          std::move(verdict.rationale)};
}

inference::Subject ToPort(search::Subject subject) {
  switch (subject) {
    case search::Subject::kSummary:
      return inference::Subject::kSummary;
    case search::Subject::kCaption:
      return inference::Subject::kCaption;
    case search::Subject::kReasoning:
      return inference::Subject::kReasoning;
    case search::Subject::kConclusion:
      return inference::Subject::kConclusion;
    case search::Subject::kSentence:
      return inference::Subject::kSentence;
    case search::Subject::kResponse:
      break;
  }
  return inference::Subject::kResponse;
}

// A pair is decided alike in whichever call it is asked for: nobody fights
// twice in a round, so that the first fighter names its random stream.
inference::Pair ToPort(const search::Pair& pair) {
  return {pair.first, pair.second, pair.first};
}

// Indices of pairs without a verdict.
std::vector<size_t> Undecided(const Verdicts& verdicts) {
  std::vector<size_t> pairs;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    if (!verdicts[i]) pairs.push_back(i);
  }
  return pairs;
}

// The error that must end the search: one that the request is to blame for, or
// any where no branch succeeded.
absl::Status Fatal(
    const std::vector<absl::StatusOr<inference::GenerateResult>>& answers) {
  absl::Status first;
  bool any = false;
  for (const auto& answer : answers) {
    any = any || (answer.ok() && !answer->candidates.empty());
    if (absl::IsInvalidArgument(answer.status())) return answer.status();
    first.Update(answer.status());
  }
  if (any) return absl::OkStatus();
  return first.ok() ? absl::InternalError("the generator gave no candidates")
                    : first;
}

}  // namespace

absl::Status ContextError(const inference::RequestContext& context,
                          absl::Time now) {
  if (context.cancellation.stop_requested()) {
    return absl::CancelledError("the caller has gone");
  }
  if (now >= context.deadline) {
    return absl::DeadlineExceededError("no answer within the deadline");
  }
  return absl::OkStatus();
}

WorkerCalls::WorkerCalls(const Workers& workers, const Question& question)
    : workers_(workers), question_(question) {}

absl::Status WorkerCalls::Encode(const Context& context) {
  if (question_.features) {
    features_ = *question_.features;
    cost_.image_cached = true;
    return absl::OkStatus();
  }
  const absl::Time start = workers_.now();
  tracing::Span span =
      workers_.tracer.Start("encode", context.traceparent, start);
  auto encoded =
      workers_.encoder.EncodeImage(Within(span, context), question_.image);
  const absl::Time end = workers_.now();
  cost_.encode_time += end - start;
  span.SetStatus(encoded.status());
  if (encoded.ok()) span.Set("stagebeam.image_cached", encoded->cached);
  span.End(end);
  if (!encoded.ok()) return encoded.status();
  features_ = std::move(encoded->features);
  cost_.image_cached = encoded->cached;
  return absl::OkStatus();
}

bool WorkerCalls::EncodedAgain(const Context& context,
                               const absl::Status& error) {
  if (!absl::IsNotFound(error) || question_.features || encoded_again_) {
    return false;
  }
  encoded_again_ = true;
  return Encode(context).ok();
}

inference::GenerateRequest WorkerCalls::MakeRequest(
    const search::Expand& expand, const search::Branch& branch) const {
  inference::GenerateRequest request;
  request.image = features_;
  request.question = question_.text;
  request.prefix_token_ids = branch.prefix_token_ids;
  request.prefix_text = branch.appended_text;
  request.candidate_count = branch.count;
  request.first_candidate_index = branch.first_candidate_index;
  request.sampling = question_.sampling;
  request.sampling.seed = branch.seed;
  request.sampling.stage_index = expand.stage_index;
  request.stopping.stop_strings = expand.stop_strings;
  request.stopping.stop_after_sentence = expand.stop_after_sentence;
  request.stopping.max_new_tokens = question_.max_candidate_tokens;
  request.stopping.min_new_tokens = question_.min_candidate_tokens;
  request.session_id = question_.request_id;
  return request;
}

WorkerCalls::Generated WorkerCalls::Generate(const Context& context,
                                             const search::Expand& expand,
                                             size_t branch) {
  tracing::Span span =
      workers_.tracer.Start("generate", context.traceparent, workers_.now());
  span.Set("stagebeam.branch", branch);
  Generated answer = workers_.generator.GenerateCandidates(
      Within(span, context), MakeRequest(expand, expand.branches[branch]),
      ListenerOf(branch));
  span.SetStatus(answer.status());
  if (answer.ok()) Describe(*answer, span);
  span.End(workers_.now());
  return answer;
}

void WorkerCalls::GenerateMissing(const Context& context,
                                  const search::Expand& expand,
                                  std::vector<Generated>& answers) {
  std::vector<std::function<void()>> tasks;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].ok()) continue;
    tasks.push_back([this, &context, &expand, &answers, i] {
      answers[i] = Generate(context, expand, i);
      if (early_duels_ != nullptr && !answers[i].ok())
        early_duels_->BranchFailed();
    });
  }
  workers_.fan_out.RunAll(tasks);
}

void WorkerCalls::GenerateAll(const Context& context,
                              const search::Expand& expand,
                              std::vector<Generated>& answers) {
  GenerateMissing(context, expand, answers);
  const auto lost =
      std::find_if(answers.begin(), answers.end(), [](const Generated& answer) {
        return absl::IsNotFound(answer.status());
      });
  if (lost != answers.end() && EncodedAgain(context, lost->status()))
    GenerateMissing(context, expand, answers);
}

bool WorkerCalls::MayFightEarly(const search::Expand& expand) const {
  if (workers_.early_duels == nullptr || early_duels_failed_ ||
      !search::AsksJudge(question_.decider))
    return false;
  int fighters = 0;
  for (const search::Branch& branch : expand.branches) {
    fighters += branch.count;
    // The best of earlier draws fights on.
    if (branch.first_candidate_index > 0) ++fighters;
  }
  // Two to fight, and one that still runs.
  return fighters >= 3;
}

void WorkerCalls::BeginEarlyDuels(const Context& context,
                                  const search::Search& search,
                                  const search::Expand& expand) {
  EndEarlyDuels();
  if (!MayFightEarly(expand)) return;
  early_duels_ = std::make_unique<EarlyDuels>(
      search, expand, *workers_.early_duels,
      [this, context](const search::Compare& compare) {
        return MakeJudgeCall(context, compare, /*early=*/true);
      },
      context.cancellation);
}

inference::CandidateListener WorkerCalls::ListenerOf(size_t branch) {
  if (early_duels_ == nullptr) return nullptr;
  return [this, branch](const std::vector<inference::EndedCandidate>& ended) {
    std::vector<EarlyDuels::Ended> candidates;
    for (const inference::EndedCandidate& candidate : ended)
      candidates.push_back({candidate.index, ToSearch(candidate.candidate)});
    early_duels_->CandidatesEnded(branch, std::move(candidates));
  };
}

void WorkerCalls::EndEarlyDuels() {
  if (early_duels_ == nullptr) return;
  const EarlyDuels::Tally tally = early_duels_->Close();
  early_duels_.reset();
  early_duels_failed_ = tally.counts.failed > 0;
  cost_.early_duels.used += tally.counts.used;
  cost_.early_duels.wasted += tally.counts.wasted;
  cost_.early_duels.failed += tally.counts.failed;
  cost_.duel_count += tally.decided;
  Add(tally.usage);
}

absl::StatusOr<search::Expanded> WorkerCalls::Sample(
    const Context& context, const search::Search& search,
    const search::Expand& expand) {
  BeginEarlyDuels(context, search, expand);
  std::vector<Generated> answers(expand.branches.size(),
                                 absl::UnknownError("not asked yet"));
  const absl::Time start = workers_.now();
  tracing::Span span =
      workers_.tracer.Start("sample", context.traceparent, start);
  const absl::Duration encode_time = cost_.encode_time;
  GenerateAll(Within(span, context), expand, answers);
  const absl::Time end = workers_.now();
  cost_.generate_time += end - start - (cost_.encode_time - encode_time);
  span.End(end);
  if (absl::Status over = ContextError(context, end); !over.ok()) return over;
  if (absl::Status fatal = Fatal(answers); !fatal.ok()) return fatal;
  return Collect(std::move(answers));
}

search::Expanded WorkerCalls::Collect(std::vector<Generated> answers) {
  search::Expanded expanded;
  for (Generated& answer : answers) {
    auto& set = expanded.sets.emplace_back();
    auto& appended = expanded.appended_token_ids.emplace_back();
    if (!answer.ok()) continue;
    appended = std::move(answer->prefix_text_token_ids);
    model_id_ = answer->model_id;
    const inference::GenerationUsage& usage = answer->usage;
    cost_.prompt_token_count += usage.prompt_token_count;
    cost_.reused_token_count += usage.reused_token_count;
    cost_.generated_token_count += usage.generated_token_count;
    cost_.candidate_count += static_cast<int>(answer->candidates.size());
    for (inference::Candidate& candidate : answer->candidates)
      set.push_back(ToSearch(std::move(candidate)));
  }
  return expanded;
}

inference::CompareRequest WorkerCalls::MakeRequest(
    const search::Compare& compare) const {
  inference::CompareRequest request;
  request.image = features_;
  request.question = question_.text;
  request.subject = ToPort(compare.subject);
  request.hint = compare.hint;
  request.candidates = compare.candidates;
  for (const search::Pair& pair : compare.pairs)
    request.pairs.push_back(ToPort(pair));
  request.method = question_.judge_method;
  request.seed = compare.seed;
  request.session_id = question_.request_id;
  return request;
}

EarlyDuels::JudgeCall WorkerCalls::MakeJudgeCall(const Context& context,
                                                 const search::Compare& compare,
                                                 bool early) const {
  return [this, context, request = MakeRequest(compare),
          early](std::stop_token cancellation) {
    const absl::Time start = workers_.now();
    tracing::Span span =
        workers_.tracer.Start("compare", context.traceparent, start);
    span.Set("stagebeam.pairs", request.pairs.size());
    span.Set("stagebeam.early", early);
    Context within = Within(span, context);
    within.deadline =
        std::min(context.deadline, start + workers_.judge_timeout);
    within.cancellation = std::move(cancellation);
    auto result = workers_.judge.ComparePairs(within, request);
    span.SetStatus(result.status());
    if (result.ok()) Describe(*result, span);
    span.End(workers_.now());
    return result;
  };
}

void WorkerCalls::Add(const inference::JudgeUsage& usage) {
  cost_.prompt_token_count += usage.prompt_token_count;
  cost_.reused_token_count += usage.reused_token_count;
  cost_.generated_token_count += usage.generated_token_count;
}

absl::Status WorkerCalls::Judge(const Context& context,
                                const search::Compare& compare,
                                const std::vector<size_t>& pairs,
                                Verdicts& verdicts) {
  if (pairs.empty()) return absl::OkStatus();
  search::Compare part = compare;
  part.pairs.clear();
  for (size_t pair : pairs) part.pairs.push_back(compare.pairs[pair]);
  const auto judge = [&] {
    return MakeJudgeCall(context, part, /*early=*/false)(context.cancellation);
  };
  auto result = judge();
  if (EncodedAgain(context, result.status())) result = judge();
  if (!result.ok()) return result.status();
  if (result->verdicts.size() != pairs.size()) {
    return absl::InternalError("the judge gave a wrong number of verdicts");
  }
  Add(result->usage);
  cost_.duel_count += static_cast<int>(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i)
    verdicts[pairs[i]] = ToSearch(std::move(result->verdicts[i]));
  return absl::OkStatus();
}

absl::Status WorkerCalls::JudgeAll(const Context& context,
                                   const search::Compare& compare,
                                   Verdicts& verdicts) {
  if (early_duels_ == nullptr)
    return Judge(context, compare, Undecided(verdicts), verdicts);
  const absl::Status judged =
      Judge(context, compare, early_duels_->Claim(compare), verdicts);
  if (!judged.ok()) return judged;
  early_duels_->Collect(compare, verdicts);
  return Judge(context, compare, Undecided(verdicts), verdicts);
}

absl::StatusOr<search::Compared> WorkerCalls::Compare(
    const Context& context, const search::Compare& compare) {
  const absl::Time start = workers_.now();
  tracing::Span span =
      workers_.tracer.Start("judge round", context.traceparent, start);
  span.Set("stagebeam.pairs", compare.pairs.size());
  const absl::Duration encode_time = cost_.encode_time;
  Verdicts verdicts(compare.pairs.size());
  const absl::Status judged =
      JudgeAll(Within(span, context), compare, verdicts);
  const absl::Time end = workers_.now();
  cost_.judge_time += end - start - (cost_.encode_time - encode_time);
  span.SetStatus(judged);
  span.End(end);
  if (!judged.ok()) return judged;
  search::Compared compared;
  for (std::optional<search::Verdict>& verdict : verdicts)
    compared.verdicts.push_back(*std::move(verdict));
  return compared;
}

}  // namespace stagebeam::orchestrator
