#include "libs/engine/running_call.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stagebeam::engine {

RunningCall::RunningCall(std::shared_ptr<CallTicket> ticket,
                         const CallSurroundings& around)
    : ticket_(std::move(ticket)),
      request_(ticket_->request()),
      around_(around),
      rules_(MakeBranchRules(*around.tokenizer, request_.sampling,
                             request_.stopping, request_.want_token_logprobs,
                             around.end_ids, {around.image_id})),
      prompts_left_(static_cast<int>(request_.prompts.size())) {
  std::vector<std::span<const int32_t>> bodies;
  std::vector<int> held_lengths;
  for (int p = 0; p < prompts_left_; ++p) {
    const std::span<const int32_t> body = request_.body(p);
    bodies.push_back(body);
    // The last token is computed always: its logits are wanted.
    held_.push_back(
        around_.prefixes->Find(request_.root(), body.first(body.size() - 1)));
    held_lengths.push_back(held_.back().length);
  }
  for (const PrefillRun& run : PlanPrefill(bodies, held_lengths)) {
    computed_tokens_ += run.end - run.begin;
    runs_.push_back({run, nullptr, nullptr});
  }
  last_runs_.resize(prompts_left_);
  groups_.resize(prompts_left_);
  probabilities_.resize(prompts_left_);
}

int64_t RunningCall::BytesNeeded() const {
  const int64_t sampled =
      int64_t{request_.branch_count()} * request_.stopping.max_new_tokens;
  return (computed_tokens_ + sampled) * around_.model->bytes_per_token();
}

int RunningCall::Places(const CallRequest& request) {
  return std::max(1, request.branch_count());
}

void RunningCall::Start(Lease lease, ImageRef image, absl::Time now) {
  lease_ = std::move(lease);
  image_ = std::move(image);
  started_ = now;
}

int RunningCall::live_branches() const {
  int live = 0;
  for (const auto& group : groups_) live += group ? group->live() : 0;
  return live;
}

const ImageKeyValues* RunningCall::picture() const {
  return image_ == nullptr ? nullptr : image_->key_values.get();
}

int RunningCall::Remaining(const Run& run) const {
  return run.plan.end - run.plan.begin -
         (run.own == nullptr ? 0 : run.own->length());
}

bool RunningCall::IsReady(const Run& run) const {
  if (image_ != nullptr && image_->state != KnownImage::State::kReady)
    return false;
  if (run.segment != nullptr) return false;
  return run.plan.parent < 0 || runs_[run.plan.parent].segment != nullptr;
}

int RunningCall::PrefillWant() const {
  int want = 0;
  for (const Run& run : runs_) want += IsReady(run) ? Remaining(run) : 0;
  return want;
}

std::vector<const KeyValues*> RunningCall::PrefixOf(int prompt,
                                                    int last_run) const {
  std::vector<const KeyValues*> prefix;
  for (int r = last_run; r >= 0; r = runs_[r].plan.parent) {
    prefix.push_back(runs_[r].segment->key_values.get());
  }
  for (auto held = held_[prompt].segments.rbegin();
       held != held_[prompt].segments.rend(); ++held) {
    prefix.push_back((*held)->key_values.get());
  }
  if (image_ != nullptr && image_->head != nullptr)
    prefix.push_back(image_->head.get());
  std::reverse(prefix.begin(), prefix.end());
  return prefix;
}

void RunningCall::AddPrefill(int tokens, Step& step) {
  for (size_t r = 0; r < runs_.size() && tokens > 0; ++r) {
    Run& run = runs_[r];
    if (!IsReady(run)) continue;
    const int count = std::min(tokens, Remaining(run));
    if (run.own == nullptr) {
      run.own = around_.model->MakeKeyValues(1, run.plan.end - run.plan.begin);
    }
    const int begin = run.plan.begin + run.own->length();
    const std::span<const int32_t> ids =
        request_.body(run.plan.prompt).subspan(begin, count);
    StepGroup group;
    group.prefix = PrefixOf(run.plan.prompt, run.plan.parent);
    group.own = run.own.get();
    group.image = picture();
    group.token_ids.assign(ids.begin(), ids.end());
    group.position = request_.head_length + begin;
    group.want_logits = run.plan.last && begin + count == run.plan.end;
    step.Add(std::move(group), {.kind = StepPart::Kind::kPrefill,
                                .call = this,
                                .index = static_cast<int>(r),
                                .tokens = count});
    tokens -= count;
  }
}

void RunningCall::AddDecode(Step& step) {
  for (size_t p = 0; p < groups_.size(); ++p) {
    if (!groups_[p] || groups_[p]->live() == 0) continue;
    const int prompt = static_cast<int>(p);
    step.Add(
        groups_[p]->NextStep(*around_.model, PrefixOf(prompt, last_runs_[p]),
                             picture(), request_.stopping.max_new_tokens),
        {.kind = StepPart::Kind::kDecode, .call = this, .index = prompt});
  }
}

absl::Status RunningCall::Apply(const StepPart& part, const StepLogits& logits,
                                absl::Time now) {
  const absl::Status status = ApplyPart(part, logits, now);
  if (!ended_.empty()) ticket_->TellOf(std::exchange(ended_, {}));
  return status;
}

absl::Status RunningCall::ApplyPart(const StepPart& part,
                                    const StepLogits& logits, absl::Time now) {
  if (part.kind == StepPart::Kind::kPrefill)
    return ApplyPrefill(part, logits, now);
  const auto row = [&](int i) { return logits.row(part.first_row + i); };
  return groups_[part.index]->Apply(row, *around_.sampler,
                                    EndBranchOf(part.index));
}

absl::Status RunningCall::ApplyPrefill(const StepPart& part,
                                       const StepLogits& logits,
                                       absl::Time now) {
  Run& run = runs_[part.index];
  if (Remaining(run) > 0) return absl::OkStatus();
  const int64_t bytes =
      (run.plan.end - run.plan.begin) * around_.model->bytes_per_token();
  run.segment = std::make_shared<Segment>();
  run.segment->key_values = std::move(run.own);
  run.segment->lease = lease_.Split(bytes);
  around_.prefixes->Insert(request_.root(),
                           request_.body(run.plan.prompt).first(run.plan.end),
                           run.plan.begin, run.segment);
  if (!run.plan.last) return absl::OkStatus();
  if (--prompts_left_ == 0) prompts_done_ = now;
  return EndPrompt(part.index, logits.row(part.first_row));
}

absl::Status RunningCall::EndPrompt(int run, std::span<const float> logits) {
  const int prompt = runs_[run].plan.prompt;
  last_runs_[prompt] = run;
  if (request_.is_score()) return Score(prompt, logits);
  absl::StatusOr<BranchGroup> group =
      BranchGroup::Start(rules_, request_.prompts[prompt], logits,
                         *around_.sampler, EndBranchOf(prompt));
  if (!group.ok()) return group.status();
  groups_[prompt] = *std::move(group);
  return absl::OkStatus();
}

absl::Status RunningCall::Score(int prompt, std::span<const float> logits) {
  std::vector<float> chosen;
  for (const int32_t id : request_.choices) chosen.push_back(logits[id]);
  const double total = LogSumExp(chosen);
  if (!std::isfinite(total)) {
    return absl::InternalError("the model gave logits that are not finite");
  }
  for (const float logit : chosen)
    probabilities_[prompt].push_back(std::exp(logit - total));
  return absl::OkStatus();
}

BranchGroup::OnEnd RunningCall::EndBranchOf(int prompt) {
  return [this, prompt](int branch, const Branch& ended,
                        std::unique_ptr<KeyValues> key_values) {
    if (request_.on_branch_end) ended_.push_back({prompt, branch, ended});
    KeepBranch(prompt, ended, std::move(key_values));
  };
}

void RunningCall::KeepBranch(int prompt, const Branch& ended,
                             std::unique_ptr<KeyValues> key_values) {
  const int length = key_values == nullptr ? 0 : key_values->length();
  const int64_t each = around_.model->bytes_per_token();
  const int64_t kept = length * each;
  auto segment = std::make_shared<Segment>();
  segment->key_values = std::move(key_values);
  segment->lease = lease_.Split(kept);
  lease_.Release(request_.stopping.max_new_tokens * each - kept);
  if (segment->key_values == nullptr) return;
  const std::span<const int32_t> body = request_.body(prompt);
  std::vector<int32_t> path(body.begin(), body.end());
  path.insert(path.end(), ended.token_ids.begin(),
              ended.token_ids.begin() + length);
  around_.prefixes->Insert(request_.root(), path, static_cast<int>(body.size()),
                           segment);
}

CallResult RunningCall::Finish(absl::Time now) {
  CallResult result;
  result.probabilities = std::move(probabilities_);
  CallUsage& usage = result.usage;
  for (auto& group : groups_) {
    if (!group) continue;
    result.branches.push_back(group->Take());
    for (const Branch& branch : result.branches.back()) {
      usage.generated_token_count += static_cast<int>(branch.token_ids.size());
    }
  }
  usage.prompt_token_count = request_.prompt_token_count();
  usage.reused_token_count = usage.prompt_token_count - computed_tokens_;
  usage.queue_time = started_ - ticket_->arrival();
  usage.prefill_time = prompts_done_ - started_;
  usage.decode_time = now - prompts_done_;
  return result;
}

}  // namespace stagebeam::engine
