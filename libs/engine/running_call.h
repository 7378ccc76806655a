#ifndef STAGEBEAM_LIBS_ENGINE_RUNNING_CALL_H_
#define STAGEBEAM_LIBS_ENGINE_RUNNING_CALL_H_

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/engine/branch_group.h"
#include "libs/engine/call.h"
#include "libs/engine/image_memory.h"
#include "libs/engine/prefix_tree.h"
#include "libs/engine/prompt_plan.h"
#include "libs/engine/sampler.h"
#include "libs/engine/step.h"
#include "libs/engine/text_model.h"

namespace stagebeam::engine {

// What calls run on. All of it outlives them.
struct CallSurroundings {
  const TextModel* model = nullptr;
  const tokens::Tokenizer* tokenizer = nullptr;
  PrefixTree* prefixes = nullptr;
  Sampler* sampler = nullptr;
  std::vector<int32_t> end_ids;
  int32_t image_id = 0;
};

// A call that has its place: its prompts are computed run by run, then its
// branches are sampled step by step.
//
// Not thread-safe: the scheduler thread owns it.
class RunningCall {
 public:
  // Finds what the prefix memory holds of the prompts, and holds on to it.
  RunningCall(std::shared_ptr<CallTicket> ticket,
              const CallSurroundings& around);
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

  // Key-value bytes that it takes at most, besides what it found.
  int64_t BytesNeeded() const;
  // Places that it takes among the running branches.
  static int Places(const CallRequest& request);

  // Takes its place. `image` is null for a text-only call.
  void Start(Lease lease, ImageRef image, absl::Time now);

  CallTicket& ticket() { return *ticket_; }
  const ImageRef& image() const { return image_; }
  int live_branches() const;
  // The picture's head counts as computed by this call.
  void NoteHeadComputed() { computed_tokens_ += request_.head_length; }

  // Prompt tokens whose turn it is.
  int PrefillWant() const;
  // Puts up to `tokens` of them into the step.
  void AddPrefill(int tokens, Step& step);
  // Puts the next token of each live branch into the step.
  void AddDecode(Step& step);
  // Takes what a step computed for a part of this call.
  absl::Status Apply(const StepPart& part, const StepLogits& logits,
                     absl::Time now);

  // Ends the call with an error.
  void Fail(const absl::Status& status) {
    failed_ = true;
    ticket_->Finish(status);
  }
  bool failed() const { return failed_; }
  bool done() const { return prompts_left_ == 0 && live_branches() == 0; }
  CallResult Finish(absl::Time now);

 private:
  // A planned run and how far it is.
  struct Run {
    PrefillRun plan;
    std::unique_ptr<KeyValues> own;
    SegmentRef segment;
  };

  bool IsReady(const Run& run) const;
  int Remaining(const Run& run) const;
  // What the tokens behind `run`'s parents see: picture's head, held segments,
  // runs in front.
  std::vector<const KeyValues*> PrefixOf(int prompt, int last_run) const;
  const ImageKeyValues* picture() const;
  absl::Status ApplyPart(const StepPart& part, const StepLogits& logits,
                         absl::Time now);
  absl::Status ApplyPrefill(const StepPart& part, const StepLogits& logits,
                            absl::Time now);
  absl::Status EndPrompt(int run, std::span<const float> logits);
  absl::Status Score(int prompt, std::span<const float> logits);
  // Notes branches of `prompt` that end, and keeps their keys and values.
  BranchGroup::OnEnd EndBranchOf(int prompt);
  void KeepBranch(int prompt, const Branch& ended,
                  std::unique_ptr<KeyValues> key_values);

  const std::shared_ptr<CallTicket> ticket_;
  const CallRequest& request_;
  const CallSurroundings& around_;
  const BranchRules rules_;
  Lease lease_;
  ImageRef image_;

  std::vector<PrefixTree::Match> held_;
  std::vector<Run> runs_;
  // By prompt: the run that ended it, and its branches.
  std::vector<int> last_runs_;
  std::vector<std::optional<BranchGroup>> groups_;
  std::vector<std::vector<double>> probabilities_;
  // Of this step, for the caller; kept only where it listens.
  std::vector<EndedBranch> ended_;
  int prompts_left_ = 0;
  int computed_tokens_ = 0;
  bool failed_ = false;
  absl::Time started_;
  absl::Time prompts_done_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_RUNNING_CALL_H_
