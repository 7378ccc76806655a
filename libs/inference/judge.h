#ifndef STAGEBEAM_LIBS_INFERENCE_JUDGE_H_
#define STAGEBEAM_LIBS_INFERENCE_JUDGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/inference/encoder.h"
#include "libs/inference/request_context.h"

namespace stagebeam::inference {

// What is compared.
enum class Subject {
  kSummary,
  kCaption,
  kReasoning,
  kConclusion,
  kSentence,
  kResponse
};

// How a pair is decided.
enum class JudgeMethod {
  // The server's default.
  kDefault,
  // The probabilities of "1" and "2" as the verdict's next token.
  kScore,
  // As kScore in both orders of the pair, averaged.
  kScoreBothOrders,
  // A sampled sentence, parsed.
  kWrite,
};

// Two candidates to compare, as indices.
struct Pair {
  int first = 0;
  int second = 0;
  // Where the method samples, the pair draws from the stream (seed, stream), so
  // that it is decided alike whichever pairs are asked for with it; >= 0. None:
  // its index among the pairs.
  std::optional<int> stream = std::nullopt;

  friend bool operator==(const Pair&, const Pair&) = default;
};

// Candidates of one subject, and which of them to compare.
struct CompareRequest {
  // The picture in question; none for a text-only question.
  std::optional<ImageFeatures> image;
  std::string question;
  Subject subject = Subject::kResponse;
  // Earlier stages that the candidates build on; may be empty.
  std::string hint;
  std::vector<std::string> candidates;
  // At most 64.
  std::vector<Pair> pairs;
  JudgeMethod method = JudgeMethod::kDefault;
  // Seeds sampling where the method samples.
  int64_t seed = 0;
  std::string session_id;
};

// Which of a pair is better, and how sure the judge is.
struct Verdict {
  bool first_is_better = false;
  // Probability given to the better one, [0.5, 1.0].
  double confidence = 1.0;
  // The judge's sentence; empty where the method writes none.
  std::string rationale;
  // True where a written verdict could not be parsed and the score decided.
  bool unparsed = false;
};

// Counts and times of one call.
struct JudgeUsage {
  // Tokens of all prompts.
  int prompt_token_count = 0;
  // Of these, tokens whose keys and values were already held.
  int reused_token_count = 0;
  // Tokens sampled.
  int generated_token_count = 0;
  // Time before the first step.
  absl::Duration queue_time;
  // Time computing.
  absl::Duration compute_time;
};

// The verdicts, in the order of the pairs.
struct CompareResult {
  std::vector<Verdict> verdicts;
  JudgeUsage usage;
};

// Compares candidates pair by pair with the picture in view.
//
// Implementations are thread-safe.
class Judge {
 public:
  virtual ~Judge() = default;

  // Judges every pair of the request in one batch. Blocks.
  //
  // INVALID_ARGUMENT: an index out of range, a pair of one candidate with
  // itself, or more than 64 pairs. Other errors: as
  // Generator::GenerateCandidates.
  virtual absl::StatusOr<CompareResult> ComparePairs(
      const RequestContext& context, const CompareRequest& request) = 0;
};

}  // namespace stagebeam::inference

#endif  // STAGEBEAM_LIBS_INFERENCE_JUDGE_H_
