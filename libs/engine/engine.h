#ifndef STAGEBEAM_LIBS_ENGINE_ENGINE_H_
#define STAGEBEAM_LIBS_ENGINE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/engine/options.h"
#include "libs/tokens/chat_format.h"
#include "libs/tokens/tokenizer.h"

// The language side of mllama: several sequences decoded together over shared
// prefixes, by one scheduler thread that owns the model.
namespace stagebeam::engine {

// Vision features of one picture as the encoder stored them: row-major
// [stored_tile_count * rows_per_tile, hidden_size].
struct Features {
  DType dtype = DType::kFloat32;
  int tile_count = 0;
  int rows_per_tile = 0;
  int hidden_size = 0;
  int stored_tile_count = 0;
  // Digest of the vision weights that made them.
  std::string vision_digest;
  // The bytes of one row after another; shared, never copied.
  std::shared_ptr<const std::string> owner;
  std::span<const char> payload;
};

// A picture in front of a prompt.
struct ImagePrompt {
  // Content address.
  std::string key;
  // Called on the caller's thread, and only where the engine does not hold the
  // picture's keys and values. Its error becomes the call's error.
  std::function<absl::StatusOr<Features>()> load;
};

// Who waits for a call and until when.
struct CallControl {
  absl::Time deadline = absl::InfiniteFuture();
  std::stop_token cancellation;
};

// How each token is drawn. Ranges as in GenerateCandidatesRequest; checked by
// the engine.
struct Sampling {
  double temperature = 0.6;
  double top_p = 0.9;
  int top_k = 50;
  int64_t seed = 0;
  int stage_index = 0;
};

// Where a branch ends.
struct Stopping {
  std::vector<std::string> stop_strings;
  // 0: as many as the context holds, at most EngineOptions::max_new_tokens.
  int max_new_tokens = 0;
  int min_new_tokens = 0;
  bool stop_after_sentence = false;
  // A branch that would reach max_new_tokens is closed: its last tokens are
  // those of the first stop string, whatever the model would say, and it ends
  // as by a stop string. Where max_new_tokens are too few for that, where there
  // are no stop strings, and where sentences end the branches, it does nothing.
  bool close_at_limit = false;
};

// One prompt and the branches that continue it.
struct PromptBranches {
  std::vector<int32_t> prompt_token_ids;
  // Candidates to sample, >= 1.
  int branch_count = 1;
  // Index of its first branch in the random streams: branch i draws from
  // (seed, stage_index, first_stream + i).
  int first_stream = 0;
};

enum class Finish { kStopString, kEndOfTurn, kLength };

// One sampled continuation.
struct Branch {
  std::string text;
  // Without the end-of-turn token.
  std::vector<int32_t> token_ids;
  Finish finish = Finish::kLength;
  double logprob = 0;
  std::vector<float> token_logprobs;
};

// Branch `index` of prompt `prompt`, which has ended.
struct EndedBranch {
  int prompt = 0;
  int index = 0;
  Branch branch;
};

// Hears of each branch once, as soon as it has ended; of those of a prompt that
// end in one step at once. On the thread that called Generate, before that
// returns; meanwhile the other branches go on.
using BranchListener =
    std::function<void(const std::vector<EndedBranch>& ended)>;

// Prompts about one picture that are prefilled and decoded together.
struct GenerateCall {
  CallControl control;
  std::optional<ImagePrompt> image;
  std::vector<PromptBranches> prompts;
  Sampling sampling;
  Stopping stopping;
  bool want_token_logprobs = false;
  BranchListener on_branch_end;
};

// Counts and times of one call.
struct CallUsage {
  // Over all prompts.
  int prompt_token_count = 0;
  // Of these, tokens that this call did not compute: held before, or computed
  // once for several of its prompts. Every token that ever went through the
  // model is reused while it is held, but for a prompt's last one, whose logits
  // are wanted. The last token of a sampled branch has not gone through it yet.
  int reused_token_count = 0;
  // Sampled tokens, end-of-turn tokens left out.
  int generated_token_count = 0;
  // Until the call had its place; then until the last prompt was computed,
  // loading the picture included; then until the last branch ended.
  absl::Duration queue_time;
  absl::Duration prefill_time;
  absl::Duration decode_time;
};

// branches[p][i]: branch i of prompt p.
struct GenerateOutput {
  std::vector<std::vector<Branch>> branches;
  CallUsage usage;
};

// Prompts about one picture whose next token is wanted among a few.
struct ScoreCall {
  CallControl control;
  std::optional<ImagePrompt> image;
  std::vector<std::vector<int32_t>> prompts;
  // Tokens to choose from, >= 2.
  std::vector<int32_t> choices;
};

// probabilities[p][c]: of choice c after prompt p, softmax over the choices.
struct ScoreOutput {
  std::vector<std::vector<double>> probabilities;
  CallUsage usage;
};

// What one scheduler step did. Times are wall time.
struct StepReport {
  int waiting_calls = 0;
  // That the waiting calls want; a score counts as one.
  int waiting_branches = 0;
  int running_calls = 0;
  int running_branches = 0;
  int64_t kv_bytes_used = 0;
  int64_t kv_bytes_total = 0;
  int prefill_tokens = 0;
  int decode_tokens = 0;
  absl::Duration step_time;
};

// Hears of the engine's work, for metrics. Must be quick and thread-safe.
class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  // After every step, and once when the engine falls idle.
  virtual void OnStep(const StepReport& report) = 0;
  // When a call leaves the queue after `waited`: for its place, or because its
  // caller gave up.
  virtual void OnQueueLeft(absl::Duration waited) = 0;
  // When a call ends well.
  virtual void OnCall(const CallUsage& usage) = 0;
};

// A loaded checkpoint that answers calls.
//
// Thread-safe; calls block and run together. The destructor ends what runs
// with CANCELLED.
class Engine {
 public:
  // Loads the text model of a Hugging Face mllama directory. INVALID_ARGUMENT
  // or NOT_FOUND names the file and the field or tensor. `observer` may be
  // null and must outlive the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Load(
      const EngineOptions& options, EngineObserver* observer);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // INVALID_ARGUMENT: a parameter out of range or over the context limit,
  // naming it. FAILED_PRECONDITION: features of another model.
  // RESOURCE_EXHAUSTED: queue full, or more key-value bytes than there are.
  // CANCELLED, DEADLINE_EXCEEDED: within one step of the event. Else what
  // ImagePrompt::load says.
  absl::StatusOr<GenerateOutput> Generate(const GenerateCall& call);
  absl::StatusOr<ScoreOutput> Score(const ScoreCall& call);

  const tokens::Tokenizer& tokenizer() const;
  const tokens::ChatFormat& chat() const;
  // "<directory name>@<digest>".
  const std::string& model_id() const;
  // Digest of the vision weights, as in Features::vision_digest.
  const std::string& vision_digest() const;
  // Most tokens of prompt and continuation together.
  int max_context() const;
  // EngineOptions::max_new_tokens.
  int max_new_tokens() const;
  // The checkpoint directory's sampling defaults (generation_config.json).
  const Sampling& default_sampling() const;

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_ENGINE_H_
