#include "libs/search/round_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <variant>

#include "libs/search/random.h"
#include "libs/search/response_text.h"

namespace stagebeam::search {
namespace {

int Total(const RoundPlan& plan) {
  return std::accumulate(plan.counts.begin(), plan.counts.end(), 0);
}

// Log-probability per token; worst where there is none to speak of.
double PerToken(const Candidate& candidate) {
  if (candidate.token_ids.empty() || std::isnan(candidate.logprob)) {
    return -std::numeric_limits<double>::infinity();
  }
  return candidate.logprob / static_cast<double>(candidate.token_ids.size());
}

absl::Status Misfit(const std::string& message) {
  return absl::InvalidArgumentError(message);
}

absl::Status WrongNumber(const std::string& what, size_t got, size_t wanted) {
  return Misfit(what + ": must be " + std::to_string(wanted) + ", got " +
                std::to_string(got));
}

void Append(std::vector<int32_t>& tokens, const std::vector<int32_t>& more) {
  tokens.insert(tokens.end(), more.begin(), more.end());
}

}  // namespace

RoundSearch::RoundSearch(std::unique_ptr<Rules> rules, int64_t seed)
    : rules_(std::move(rules)), seed_(seed) {
  StartRound();
}

Ask RoundSearch::Next() {
  given_ = true;
  return ask_;
}

void RoundSearch::Shorten(std::string reason) {
  if (shorten_reason_) return;
  shorten_reason_ = std::move(reason);
  if (!done_ && !given_ && std::holds_alternative<Expand>(ask_))
    AskForCandidates();
}

std::optional<RoundPlan> RoundSearch::PlanRound() {
  std::optional<RoundPlan> plan = rules_->Plan(lines_, round_, false);
  if (!plan || !shorten_reason_ || Total(*plan) == 1) return plan;
  lines_.resize(1);
  plan = rules_->Plan(lines_, round_, true);
  if (plan) Report(DegradationKind::kShortened, *shorten_reason_);
  return plan;
}

void RoundSearch::StartRound() {
  ++round_;
  contenders_.clear();
  AskForCandidates();
}

void RoundSearch::AskForCandidates() {
  std::optional<RoundPlan> plan = PlanRound();
  if (!plan) return Finish();
  plan_ = *std::move(plan);
  ask_ = MakeExpand();
  given_ = false;
}

Expand RoundSearch::MakeExpand() const {
  Expand expand{
      plan_.stage, round_, {}, plan_.stop_strings, plan_.stop_after_sentence};
  for (size_t i = 0; i < lines_.size(); ++i) {
    // The first branch draws from the search's own seed: its rounds differ by
    // stage_index.
    const int64_t seed = i == 0 ? seed_
                                : DeriveSeed(seed_, SeedUse::kSampling,
                                             static_cast<uint64_t>(round_), i);
    const Line& line = lines_[i];
    expand.branches.push_back({line.candidate, line.token_ids,
                               line.appended_text, plan_.counts[i], seed});
  }
  return expand;
}

absl::Status RoundSearch::CheckFits(const Expanded& expanded) const {
  const auto* ask = done_ ? nullptr : std::get_if<Expand>(&ask_);
  if (ask == nullptr)
    return Misfit("expanded: the search did not ask for candidates");
  const size_t branches = ask->branches.size();
  if (expanded.sets.size() != branches) {
    return WrongNumber("expanded.sets", expanded.sets.size(), branches);
  }
  bool any = false;
  bool appended = false;
  for (size_t b = 0; b < branches; ++b) {
    if (expanded.sets[b].size() > static_cast<size_t>(ask->branches[b].count)) {
      return Misfit("expanded.sets: more candidates than asked for in set " +
                    std::to_string(b));
    }
    any = any || !expanded.sets[b].empty();
    appended = appended || !ask->branches[b].appended_text.empty();
  }
  if (!any) return Misfit("expanded.sets: must not all be empty");
  const size_t texts = expanded.appended_token_ids.size();
  const bool fits = texts == branches || (texts == 0 && !appended);
  return fits ? absl::OkStatus()
              : WrongNumber("expanded.appended_token_ids", texts, branches);
}

absl::Status RoundSearch::Tell(Expanded expanded) {
  if (absl::Status fits = CheckFits(expanded); !fits.ok()) return fits;
  Admit(std::move(expanded));
  const int eligible =
      static_cast<int>(std::count_if(contenders_.begin(), contenders_.end(),
                                     [](auto& c) { return c.eligible; }));
  ReportEligible(eligible);
  if (eligible == 0) {
    EndRound({Likeliest()});
  } else {
    knock_out_ = MakeKnockOut(contenders_);
    Advance();
  }
  return absl::OkStatus();
}

void RoundSearch::Admit(Expanded expanded) {
  ExpansionTrace trace{plan_.stage, {}, {}, {}};
  for (size_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    if (!line.appended_text.empty())
      Append(line.token_ids, expanded.appended_token_ids[i]);
    line.appended_text.clear();
    for (Candidate& candidate : expanded.sets[i]) {
      const bool eligible = rules_->Eligible(plan_, line, candidate);
      trace.candidates.push_back(
          {candidate.text, candidate.finish, candidate.logprob, line.candidate,
           eligible, static_cast<int>(candidate.token_ids.size())});
      contenders_.push_back({std::move(candidate), i, eligible});
    }
  }
  trace_.push_back(std::move(trace));
}

void RoundSearch::ReportEligible(int eligible) {
  const int asked = Total(plan_);
  if (eligible >= asked) return;
  const std::string start = std::string(StageName(plan_.stage)) + ": ";
  const std::string of =
      std::to_string(asked) + " candidates " + rules_->EligibleMeans(plan_);
  if (eligible > 0) {
    Report(DegradationKind::kFewerCandidates,
           start + std::to_string(eligible) + " of " + of);
  } else {
    Report(DegradationKind::kStageCut,
           start + "none of " + of + "; the likeliest was kept");
  }
}

bool RoundSearch::SaidTheSame(const Contender& a, const Contender& b) const {
  const Line& line_a = lines_[a.line];
  const Line& line_b = lines_[b.line];
  return a.candidate.token_ids == b.candidate.token_ids &&
         line_a.token_ids == line_b.token_ids && line_a.text == line_b.text;
}

double RoundSearch::Likelihood(const std::vector<Contender>& contenders,
                               size_t contender) const {
  const auto first = std::find_if(
      contenders.begin(), contenders.end(), [&](const Contender& other) {
        return SaidTheSame(other, contenders[contender]);
      });
  return PerToken(first->candidate);
}

int RoundSearch::Likeliest() const {
  size_t best = 0;
  for (size_t i = 1; i < contenders_.size(); ++i) {
    if (Likelihood(contenders_, i) > Likelihood(contenders_, best)) best = i;
  }
  return static_cast<int>(best);
}

KnockOut RoundSearch::MakeKnockOut(
    const std::vector<Contender>& contenders) const {
  std::vector<Entrant> entrants;
  for (size_t i = 0; i < contenders.size(); ++i) {
    const Contender& contender = contenders[i];
    if (!contender.eligible) continue;
    Entrant& entrant = entrants.emplace_back();
    entrant.candidate = static_cast<int>(i);
    entrant.likelihood = Likelihood(contenders, i);
    if (!contender.missing) entrant.text = JudgedText(contender);
  }
  return {
      std::move(entrants), Total(plan_), plan_.keep,
      DeriveSeed(seed_, SeedUse::kPairing, static_cast<uint64_t>(round_), 0)};
}

std::optional<std::vector<RoundSearch::Contender>> RoundSearch::ContendersOf(
    const Partial& partial) const {
  const auto* ask = done_ ? nullptr : std::get_if<Expand>(&ask_);
  if (ask == nullptr || partial.sets.size() != lines_.size())
    return std::nullopt;
  std::vector<Contender> contenders;
  for (size_t b = 0; b < lines_.size(); ++b) {
    if (partial.sets[b].size() != static_cast<size_t>(ask->branches[b].count))
      return std::nullopt;
    for (const std::optional<Candidate>& candidate : partial.sets[b]) {
      Contender& contender = contenders.emplace_back();
      contender.line = b;
      contender.missing = !candidate.has_value();
      if (contender.missing) continue;
      contender.candidate = *candidate;
      contender.eligible = rules_->Eligible(plan_, lines_[b], *candidate);
    }
  }
  return contenders;
}

std::optional<Compare> RoundSearch::Foresee(const Partial& partial) const {
  const auto contenders = ContendersOf(partial);
  if (!contenders) return std::nullopt;
  Compare compare = MakeCompare(*contenders, MakeKnockOut(*contenders));
  const auto missing = [&](int candidate) {
    return (*contenders)[static_cast<size_t>(candidate)].missing;
  };
  std::erase_if(compare.pairs, [&](const Pair& pair) {
    return missing(pair.first) || missing(pair.second);
  });
  if (compare.pairs.empty()) return std::nullopt;
  return compare;
}

std::optional<std::string> RoundSearch::SharedHint() const {
  const std::string hint = rules_->Hint(plan_, lines_.front());
  for (const Line& line : lines_) {
    if (rules_->Hint(plan_, line) != hint) return std::nullopt;
  }
  return hint;
}

std::string RoundSearch::JudgedText(const Contender& contender) const {
  if (contender.missing) return "";
  const std::string text = rules_->JudgedText(plan_, contender.candidate);
  if (SharedHint()) return text;
  return rules_->Hint(plan_, lines_[contender.line]) + "\n" + text;
}

void RoundSearch::Advance() {
  if (knock_out_.Done()) return EndRound(knock_out_.Survivors());
  ask_ = MakeCompare(contenders_, knock_out_);
}

Compare RoundSearch::MakeCompare(const std::vector<Contender>& contenders,
                                 const KnockOut& knock_out) const {
  Compare compare{plan_.stage, plan_.subject,     SharedHint().value_or(""),
                  {},          knock_out.pairs(), 0};
  for (const Contender& contender : contenders) {
    compare.candidates.push_back(JudgedText(contender));
  }
  compare.seed =
      DeriveSeed(seed_, SeedUse::kJudging, static_cast<uint64_t>(round_),
                 static_cast<uint64_t>(knock_out.round()));
  return compare;
}

absl::Status RoundSearch::Tell(Compared compared) {
  const auto* ask = done_ ? nullptr : std::get_if<Compare>(&ask_);
  if (ask == nullptr)
    return Misfit("compared: the search did not ask for a comparison");
  if (compared.verdicts.size() != ask->pairs.size()) {
    return WrongNumber("compared.verdicts", compared.verdicts.size(),
                       ask->pairs.size());
  }
  for (size_t i = 0; i < ask->pairs.size(); ++i) {
    const auto [first, second] = ask->pairs[i];
    Verdict& verdict = compared.verdicts[i];
    trace_.back().duels.push_back({first, second,
                                   verdict.first_is_better ? first : second,
                                   verdict.confidence, verdict.rationale});
  }
  knock_out_.Decide(compared.verdicts);
  Advance();
  return absl::OkStatus();
}

absl::Status RoundSearch::Tell(JudgeUnavailable unavailable) {
  if (done_ || !std::holds_alternative<Compare>(ask_)) {
    return Misfit("judge_unavailable: the search did not ask for a comparison");
  }
  Report(DegradationKind::kJudgeUnavailable, std::move(unavailable.detail));
  knock_out_.DecideByLikelihood();
  Advance();
  return absl::OkStatus();
}

void RoundSearch::EndRound(const std::vector<int>& survivors) {
  std::vector<Line> lines;
  for (int survivor : survivors) {
    const Contender& contender = contenders_[static_cast<size_t>(survivor)];
    Line line = lines_[contender.line];
    line.candidate = survivor;
    rules_->Extend(plan_, contender.candidate, contender.eligible, line);
    lines.push_back(std::move(line));
  }
  lines_ = std::move(lines);
  trace_.back().survivors = survivors;
  StartRound();
}

void RoundSearch::Finish() {
  done_ = true;
  const Line& line = lines_.front();
  outcome_.stages = line.stages.empty() ? ParseStages(line.text) : line.stages;
  outcome_.answer = std::string(Trimmed(line.text));
  for (const StageText& chosen : outcome_.stages) {
    if (chosen.stage == Stage::kConclusion && !chosen.text.empty())
      outcome_.answer = chosen.text;
  }
  const bool reported = std::any_of(
      reported_.begin(), reported_.end(),
      [](auto& r) { return r.first == DegradationKind::kStageCut; });
  if (!reported && !Closes(line.text, Stage::kConclusion)) {
    Report(DegradationKind::kStageCut,
           "the response ended without a closed conclusion");
  }
}

void RoundSearch::Report(DegradationKind kind, std::string detail) {
  const bool once_a_search = kind == DegradationKind::kJudgeUnavailable ||
                             kind == DegradationKind::kShortened;
  const std::pair key(kind, once_a_search ? Stage::kResponse : plan_.stage);
  if (std::find(reported_.begin(), reported_.end(), key) != reported_.end())
    return;
  reported_.push_back(key);
  outcome_.degradations.push_back({kind, std::move(detail)});
}

}  // namespace stagebeam::search
