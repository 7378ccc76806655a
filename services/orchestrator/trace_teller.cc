#include "services/orchestrator/trace_teller.h"

#include <optional>
#include <string>

#include "libs/search/response_text.h"

namespace stagebeam::orchestrator {
namespace {

using Trace = std::vector<search::ExpansionTrace>;

// The candidate of expansion `stage` that candidate `candidate` of expansion
// `from` goes back to.
int AncestorAt(const Trace& trace, size_t stage, size_t from, int candidate) {
  for (; from > stage; --from) {
    candidate = trace[from].candidates[static_cast<size_t>(candidate)].parent;
  }
  return candidate;
}

// The candidate of expansion `stage` that all of the last survivors go back to.
std::optional<int> CommonAncestor(const Trace& trace, size_t stage) {
  size_t last = trace.size() - 1;
  if (trace[last].survivors.empty()) {
    if (last == stage) return std::nullopt;
    --last;
  }
  const std::vector<int>& survivors = trace[last].survivors;
  const int first = AncestorAt(trace, stage, last, survivors.front());
  for (int survivor : survivors) {
    if (AncestorAt(trace, stage, last, survivor) != first) return std::nullopt;
  }
  return first;
}

}  // namespace

void TraceTeller::Tell(const Trace& trace) {
  TellCandidates(trace);
  TellDuels(trace);
  TellChosen(trace);
}

void TraceTeller::TellCandidates(const Trace& trace) {
  if (trace.size() > told_) told_candidates_ = told_duels_ = 0;
  told_ = trace.size();
  if (trace.empty()) return;
  const auto& candidates = trace.back().candidates;
  if (candidates.size() == told_candidates_) return;
  listener_.OnCandidatesSampled(
      trace.back().stage, static_cast<int>(told_candidates_),
      {candidates.begin() + static_cast<std::ptrdiff_t>(told_candidates_),
       candidates.end()});
  told_candidates_ = candidates.size();
}

void TraceTeller::TellDuels(const Trace& trace) {
  if (trace.empty()) return;
  const search::ExpansionTrace& last = trace.back();
  for (; told_duels_ < last.duels.size(); ++told_duels_) {
    listener_.OnDuelDecided(last.stage, last.duels[told_duels_]);
  }
}

void TraceTeller::TellChosen(const Trace& trace) {
  for (; chosen_ < trace.size(); ++chosen_) {
    const std::optional<int> chosen = CommonAncestor(trace, chosen_);
    if (!chosen) return;
    const search::ExpansionTrace& expansion = trace[chosen_];
    const std::string& text =
        expansion.candidates[static_cast<size_t>(*chosen)].text;
    const search::Stage shown =
        by_stages_ ? expansion.stage : search::Stage::kResponse;
    listener_.OnStageChosen({expansion.stage, search::ChosenText(text, shown)},
                            *chosen);
  }
}

}  // namespace stagebeam::orchestrator
