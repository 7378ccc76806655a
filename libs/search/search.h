#ifndef STAGEBEAM_LIBS_SEARCH_SEARCH_H_
#define STAGEBEAM_LIBS_SEARCH_SEARCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The search, pure: what to expand, what to compare, what to keep.
//
//   while (!search->Done()) {
//     Ask ask = search->Next();
//     if (auto* expand = std::get_if<Expand>(&ask)) {
//       search->Tell(Sample(*expand));
//     } else {
//       search->Tell(Judge(std::get<Compare>(ask)));
//     }
//   }
//   Outcome outcome = search->outcome();
//
// No time, no threads, no I/O, an explicit seed: the same tells give the same
// tree. Deadlines, retries and fan-out belong to the caller.
namespace stagebeam::search {

// The four stages of a response; kResponse is a whole one.
enum class Stage { kResponse, kSummary, kCaption, kReasoning, kConclusion };

// What a comparison is about.
enum class Subject {
  kSummary,
  kCaption,
  kReasoning,
  kConclusion,
  kSentence,
  kResponse
};

// Why a candidate ended.
enum class Finish { kStopString, kEndOfTurn, kLength };

// One prefix to continue.
struct Branch {
  // The survivor that it continues: its index among the candidates of the
  // previous expansion; 0 at first.
  int parent = 0;
  // The response's tokens so far.
  std::vector<int32_t> prefix_token_ids;
  // Text that follows them in the prefix and that nobody sampled: how a stage
  // that no candidate closed was closed. Mostly empty.
  std::string appended_text;
  // Continuations wanted.
  int count = 1;
  // Of the continuations wanted of this branch, those asked for before; these
  // go on behind them in the random streams.
  int first_candidate_index = 0;
  // Seed of these continuations: differs between the branches of an ask.
  int64_t seed = 0;
};

// Asks for continuations of every branch; no branch is without a candidate.
struct Expand {
  Stage stage = Stage::kResponse;
  // Number of the expansion, from 0. An ask for more candidates of the last
  // expansion has that one's.
  int stage_index = 0;
  std::vector<Branch> branches;
  // Text that ends a candidate; none for whole responses.
  std::vector<std::string> stop_strings;
  bool stop_after_sentence = false;
};

// Two candidates of the current expansion, as indices into Compare::candidates.
struct Pair {
  int first = 0;
  int second = 0;
};

// Asks which of each pair is better; one judge call.
struct Compare {
  Stage stage = Stage::kResponse;
  Subject subject = Subject::kResponse;
  std::string hint;
  // Texts as the judge reads them, of every candidate of the expansion: a
  // stage without its tags; sentences and responses as they were written.
  std::vector<std::string> candidates;
  std::vector<Pair> pairs;
  int64_t seed = 0;
};

using Ask = std::variant<Expand, Compare>;

// One continuation that came back.
struct Candidate {
  std::string text;
  std::vector<int32_t> token_ids;
  Finish finish = Finish::kLength;
  // Sum of the natural-log probabilities of its tokens under the model's own
  // distribution, whatever the temperature.
  double logprob = 0;
};

// Continuations of every branch of an Expand: sets[b] belongs to branches[b]
// and may be shorter than asked for, but not all of them may be empty.
struct Expanded {
  std::vector<std::vector<Candidate>> sets;
  // Tokens of branches[b].appended_text. May be left empty where no branch has
  // such a text.
  std::vector<std::vector<int32_t>> appended_token_ids;
};

// What has come back of an Expand so far: sets[b][i] is candidate i of
// branches[b], none while it is being sampled.
struct Partial {
  std::vector<std::vector<std::optional<Candidate>>> sets;
};

// Decision of one pair.
struct Verdict {
  bool first_is_better = false;
  double confidence = 1.0;
  std::string rationale;
};

// Verdicts in the order of the pairs.
struct Compared {
  std::vector<Verdict> verdicts;
};

// Instead of Compared: nobody could judge; log-probability per token decides.
struct JudgeUnavailable {
  std::string detail;
};

// What went wrong without costing the answer.
enum class DegradationKind {
  kJudgeUnavailable,
  kFewerCandidates,
  kStageCut,
  kShortened
};
struct Degradation {
  DegradationKind kind;
  std::string detail;
};

// The search, step by step, for a trace. Indices are into
// ExpansionTrace::candidates, which lists all branches' candidates in order,
// those of later draws behind; a parent's is into the previous expansion's.
struct TracedCandidate {
  std::string text;
  Finish finish = Finish::kLength;
  double logprob = 0;
  int parent = 0;
  bool eligible = true;
  int token_count = 0;
  // Number of the ask that it came with, among the expansion's, from 0.
  int draw = 0;
};
struct TracedDuel {
  int first = 0;
  int second = 0;
  int winner = 0;
  double confidence = 1.0;
  std::string rationale;
};
struct ExpansionTrace {
  Stage stage = Stage::kResponse;
  std::vector<TracedCandidate> candidates;
  std::vector<TracedDuel> duels;
  // Best first; empty while the expansion is not decided.
  std::vector<int> survivors;
};

// One stage's chosen text, trimmed, without tags.
struct StageText {
  Stage stage = Stage::kResponse;
  std::string text;
};

// What a finished search found.
struct Outcome {
  // Text of the conclusion, trimmed; the whole response's where it has none.
  std::string answer;
  std::vector<StageText> stages;
  std::vector<Degradation> degradations;
};

// One running search. Not thread-safe; const calls may run side by side.
class Search {
 public:
  virtual ~Search() = default;

  virtual bool Done() const = 0;
  // What the search wants next. Must not be called when Done(). Repeated calls
  // without a Tell give the same ask.
  virtual Ask Next() = 0;
  // Answers to the last ask. INVALID_ARGUMENT where the answer does not fit
  // the ask (wrong kind, wrong number); the search is then unchanged.
  virtual absl::Status Tell(Expanded expanded) = 0;
  virtual absl::Status Tell(Compared compared) = 0;
  virtual absl::Status Tell(JudgeUnavailable unavailable) = 0;
  // What the search will ask first once its Expand is answered, if the
  // candidates that `partial` misses turn out eligible and unlike any other:
  // that Compare, but for pairs with a missing candidate, and with empty texts
  // in the place of missing ones. A guess: a pair in it may not be asked after
  // all, and one that is asked is the same then. Nothing where there is no
  // pair, or where `partial` does not fit the last ask.
  virtual std::optional<Compare> Foresee(const Partial& partial) const = 0;
  // Asks the search to come to an end soon: from the next expansion on that
  // Next() has not given yet, the best survivor alone goes on, with one
  // candidate and no duels; nor are more candidates drawn of the one that runs.
  // For deadlines. Reported once, and only where it changes an expansion.
  virtual void Shorten(std::string reason) = 0;

  // Every expansion so far; the last may still be undecided.
  virtual const std::vector<ExpansionTrace>& trace() const = 0;
  // Valid once Done().
  virtual const Outcome& outcome() const = 0;
};

// Most candidates of an expansion.
inline constexpr int kMaxCandidates = 64;
// Most sentences of a sentence beam.
inline constexpr int kMaxSentences = 1024;

// One response, no search.
struct SinglePass {};
// Whole responses, one knock-out.
struct BestOfN {
  // [1, kMaxCandidates].
  int candidate_count = 1;
};
// Candidates for every sentence.
struct SentenceBeam {
  // [1, kMaxCandidates].
  int candidate_count = 1;
  // [1, kMaxSentences].
  int max_sentence_count = 64;
};
// Candidates for every stage: LLaVA-o1's search (arXiv 2411.10440, section
// 3.2), which is survivor_count = 1.
struct StageBeam {
  // Over all survivors, [1, kMaxCandidates].
  int candidate_count = 1;
  // Kept at each stage but the last, [1, candidate_count].
  int survivor_count = 1;
};
// Candidates for every stage, drawn until one is good enough; one survives.
// Candidate i of a stage is the one that StageBeam would have as its candidate
// i, had both chosen the same before. docs/adr/0007-adaptive-candidates.md says
// why.
struct AdaptiveBeam {
  // Most of a stage, [1, kMaxCandidates].
  int candidate_count = 1;
  // Of a stage's first draw, [1, candidate_count]; each further one doubles
  // what was drawn.
  int initial_candidate_count = 1;
  // Of a lone candidate's text, (0, 1].
  double sufficient_probability = 0.9;
  // Of a winner over those that said something else, [0, 1].
  double sufficient_confidence = 0.8;
};
using Strategy =
    std::variant<SinglePass, BestOfN, SentenceBeam, StageBeam, AdaptiveBeam>;

// INVALID_ARGUMENT names the parameter and its range:
// "stage_beam.candidate_count: must be in [1, 64], got 65".
absl::Status Validate(const Strategy& strategy);

// Starts a search. Errors as Validate.
absl::StatusOr<std::unique_ptr<Search>> MakeSearch(const Strategy& strategy,
                                                   int64_t seed);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_SEARCH_H_
