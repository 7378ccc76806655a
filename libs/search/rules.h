#ifndef STAGEBEAM_LIBS_SEARCH_RULES_H_
#define STAGEBEAM_LIBS_SEARCH_RULES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/search/search.h"

// What makes one strategy differ from another. Every strategy goes in rounds:
// expand the surviving lines, knock the candidates out, go on with the rest.
namespace stagebeam::search {

// A response so far.
struct Line {
  // The candidate of the last round that it ends with.
  int candidate = 0;
  std::string text;
  // Tokens of `text`, but for `appended_text` at its end.
  std::vector<int32_t> token_ids;
  std::string appended_text;
  // Chosen so far, where the strategy goes by stages.
  std::vector<StageText> stages;
  // The model ended its turn.
  bool ended = false;
};

// One round.
struct RoundPlan {
  Stage stage = Stage::kResponse;
  Subject subject = Subject::kResponse;
  // Candidates wanted of each line.
  std::vector<int> counts;
  std::vector<std::string> stop_strings;
  bool stop_after_sentence = false;
  // Survivors wanted.
  int keep = 1;
};

// What a round of one line has come to once its duels are fought.
struct Standing {
  // Candidates asked for so far.
  int drawn = 0;
  // Of these, candidates that may take part in duels, and their texts without
  // repeats.
  int eligible = 0;
  int texts = 0;
  // Probability of the best one's text.
  double probability = 0;
  // Least confidence of the duels that the best one won after the last draw
  // that had any; none where there were none.
  std::optional<double> confidence;
};

// A strategy. Stateless: a search asks it with its own state.
class Rules {
 public:
  virtual ~Rules() = default;

  // Round `round` (from 0) over the surviving lines, best first; none where the
  // search is over. With `shortened`, there is one line and one candidate is
  // wanted.
  virtual std::optional<RoundPlan> Plan(const std::vector<Line>& lines,
                                        int round, bool shortened) const = 0;
  // Whether a candidate may take part in duels.
  virtual bool Eligible(const RoundPlan& plan, const Line& parent,
                        const Candidate& candidate) const = 0;
  // What it lacks where it may not, for a log: "closed </SUMMARY>".
  virtual std::string EligibleMeans(const RoundPlan& plan) const = 0;
  // What the judge reads of a candidate, and of what it builds on.
  virtual std::string JudgedText(const RoundPlan& plan,
                                 const Candidate& candidate) const = 0;
  virtual std::string Hint(const RoundPlan& plan, const Line& parent) const = 0;
  // More candidates wanted of the round before it is decided; 0: it is. Only of
  // rounds of one line that keep one.
  virtual int More(const RoundPlan& plan, const Standing& standing) const;
  // Adds a survivor's text and tokens to `line`.
  virtual void Extend(const RoundPlan& plan, const Candidate& candidate,
                      bool eligible, Line& line) const;
};

std::unique_ptr<Rules> MakeRules(const SinglePass& strategy);
std::unique_ptr<Rules> MakeRules(const BestOfN& strategy);
std::unique_ptr<Rules> MakeRules(const SentenceBeam& strategy);
std::unique_ptr<Rules> MakeRules(const StageBeam& strategy);
std::unique_ptr<Rules> MakeRules(const AdaptiveBeam& strategy);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_RULES_H_
