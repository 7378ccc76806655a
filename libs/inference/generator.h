#ifndef STAGEBEAM_LIBS_INFERENCE_GENERATOR_H_
#define STAGEBEAM_LIBS_INFERENCE_GENERATOR_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/inference/encoder.h"
#include "libs/inference/request_context.h"

namespace stagebeam::inference {

// How the next token is drawn from the model's distribution.
struct SamplingParameters {
  // 0 takes the likeliest token; otherwise (0.0, 2.0].
  double temperature = 0.6;
  // Nucleus mass, (0.0, 1.0].
  double top_p = 0.9;
  // Likeliest tokens kept; 0 for all.
  int top_k = 50;
  // Candidate i of a call draws from the stream (seed, stage_index,
  // first_candidate_index + i).
  int64_t seed = 0;
  // Position of the call in its search.
  int stage_index = 0;

  friend bool operator==(const SamplingParameters&,
                         const SamplingParameters&) = default;
};

// Where a candidate ends. The first rule that holds wins.
struct StoppingParameters {
  // Ends after the token that completes one of these strings. At most 8.
  std::vector<std::string> stop_strings;
  // Ends after this many tokens. 0: the server's limit.
  int max_new_tokens = 0;
  // Neither stop strings nor end-of-turn tokens end a candidate earlier.
  int min_new_tokens = 0;
  // Ends a candidate after its first sentence.
  bool stop_after_sentence = false;

  friend bool operator==(const StoppingParameters&,
                         const StoppingParameters&) = default;
};

// Why a candidate ended.
enum class FinishReason { kStopString, kEndOfTurn, kLength };

// A prefix, and how to continue it.
struct GenerateRequest {
  // The picture that the user turn starts with; none for a text-only prompt.
  std::optional<ImageFeatures> image;
  // The user turn. Special-token text in it is plain text.
  std::string question;
  // Tokens of the assistant turn chosen so far, as earlier candidates gave
  // them.
  std::vector<int32_t> prefix_token_ids;
  // Text that stands after prefix_token_ids, e.g. a closing tag that no
  // candidate wrote; tokenized where the model is. Mostly empty.
  std::string prefix_text;
  // Candidates to sample, [1, 64].
  int candidate_count = 1;
  // Index of the first candidate in the random streams, so that a call can go
  // on where an earlier one ended, [0, 1048576].
  int first_candidate_index = 0;
  SamplingParameters sampling;
  StoppingParameters stopping;
  // Keeps the stages of one search on the replica that holds their prefix.
  std::string session_id;
  // Fills Candidate::token_logprobs.
  bool include_token_logprobs = false;
};

// One continuation.
struct Candidate {
  // Decoded text of token_ids, without the end-of-turn token.
  std::string text;
  // Sampled tokens; append them to the prefix to go on from here.
  std::vector<int32_t> token_ids;
  FinishReason finish_reason = FinishReason::kLength;
  // Sum of the natural-log probabilities of its tokens under the unscaled
  // distribution.
  double logprob = 0;
  // The addends of logprob, where asked for.
  std::vector<float> token_logprobs;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// Counts and times of one call.
struct GenerationUsage {
  // Tokens of prompt and prefix.
  int prompt_token_count = 0;
  // Of these, tokens whose keys and values were already held.
  int reused_token_count = 0;
  // Tokens sampled over all candidates.
  int generated_token_count = 0;
  // Time before the first step.
  absl::Duration queue_time;
  // Time computing the prompt.
  absl::Duration prefill_time;
  // Time sampling.
  absl::Duration decode_time;
};

// The sampled continuations, in index order.
struct GenerateResult {
  std::vector<Candidate> candidates;
  GenerationUsage usage;
  // Name and digest of the checkpoint.
  std::string model_id;
  // Tokens of request.prefix_text: they stand between prefix_token_ids and
  // every candidate's own.
  std::vector<int32_t> prefix_text_token_ids;
};

// Candidate `index` of a call, which has ended.
struct EndedCandidate {
  int index = 0;
  Candidate candidate;
};

// Hears of candidates that have ended, of those that end together at once.
using CandidateListener =
    std::function<void(const std::vector<EndedCandidate>& ended)>;

// Samples candidate continuations of a prefix.
//
// Implementations are thread-safe.
class Generator {
 public:
  virtual ~Generator() = default;

  // Samples request.candidate_count continuations, decoded together. Blocks.
  // The same request gives the same candidates wherever the same model runs.
  //
  // `on_end` may be empty. Else it hears of candidates while others are still
  // sampled, on the calling thread: of each at most once, and of none where the
  // generator cannot tell in time.
  //
  // INVALID_ARGUMENT: a parameter out of its range, or prompt plus
  // max_new_tokens over the context limit. FAILED_PRECONDITION: features of
  // another model. NOT_FOUND: features that neither store nor encoder holds.
  // RESOURCE_EXHAUSTED: queue or key-value memory full. CANCELLED,
  // DEADLINE_EXCEEDED: as the context says. UNAVAILABLE: no generator answers.
  virtual absl::StatusOr<GenerateResult> GenerateCandidates(
      const RequestContext& context, const GenerateRequest& request,
      const CandidateListener& on_end) = 0;
};

}  // namespace stagebeam::inference

#endif  // STAGEBEAM_LIBS_INFERENCE_GENERATOR_H_
