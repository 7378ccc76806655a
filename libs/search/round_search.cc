#include "libs/search/round_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <variant>

#include "libs/search/answer_check.h"
#include "libs/search/likelihood.h"
#include "libs/search/random.h"
#include "libs/search/response_text.h"

namespace stagebeam::search {
namespace {

int Total(const RoundPlan& plan) {
  return std::accumulate(plan.counts.begin(), plan.counts.end(), 0);
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
  if (done_ || given_ || !std::holds_alternative<Expand>(ask_)) return;
  if (progress_.draw == 0) return AskForCandidates();
  // The draw that nobody has heard of yet is called off.
  progress_.asked -= Total(plan_);
  Report(DegradationKind::kShortened, *shorten_reason_);
  EndRound(progress_.best ? std::vector{*progress_.best} : std::vector<int>{});
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
  progress_ = {};
  AskForCandidates();
}

void RoundSearch::AskForCandidates() {
  std::optional<RoundPlan> plan = PlanRound();
  if (!plan) return Finish();
  progress_.asked = Total(*plan);
  AskFor(*std::move(plan));
}

void RoundSearch::DrawMore(int count, const std::vector<int>& survivors) {
  ++progress_.draw;
  progress_.asked += count;
  if (!survivors.empty()) progress_.best = survivors.front();
  progress_.judge_rounds += knock_out_.round();
  progress_.duels = trace_.back().duels.size();
  RoundPlan plan = plan_;
  plan.counts = {count};
  AskFor(std::move(plan));
}

void RoundSearch::AskFor(RoundPlan plan) {
  plan_ = std::move(plan);
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
    // Rounds of several lines have one draw.
    expand.branches.push_back({line.candidate, line.token_ids,
                               line.appended_text, plan_.counts[i],
                               progress_.asked - Total(plan_), seed});
  }
  return expand;
}

absl::Status RoundSearch::Tell(Expanded expanded) {
  absl::Status fits = CheckFits(RunningAsk(), expanded);
  if (!fits.ok()) return fits;
  Admit(std::move(expanded));
  knock_out_ = MakeKnockOut(contenders_);
  Advance();
  return absl::OkStatus();
}

void RoundSearch::Admit(Expanded expanded) {
  if (progress_.draw == 0) trace_.push_back({plan_.stage, {}, {}, {}});
  for (size_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    if (!line.appended_text.empty())
      Append(line.token_ids, expanded.appended_token_ids[i]);
    line.appended_text.clear();
    for (Candidate& candidate : expanded.sets[i]) {
      Add(std::move(candidate), i, contenders_);
      const Contender& added = contenders_.back();
      trace_.back().candidates.push_back(
          {added.candidate.text, added.candidate.finish,
           added.candidate.logprob, line.candidate, added.eligible,
           static_cast<int>(added.candidate.token_ids.size()), added.draw});
    }
  }
}

void RoundSearch::Add(std::optional<Candidate> candidate, size_t line,
                      std::vector<Contender>& contenders) const {
  Contender added;
  added.line = line;
  added.draw = progress_.draw;
  added.missing = !candidate.has_value();
  if (candidate) {
    added.candidate = *std::move(candidate);
    added.eligible = rules_->Eligible(plan_, lines_[line], added.candidate);
    added.text = JudgedText(added.candidate, line);
  }
  added.likelihood = Likelihood(contenders, added);
  contenders.push_back(std::move(added));
}

bool RoundSearch::SaidTheSame(const Contender& a, const Contender& b) const {
  const Line& line_a = lines_[a.line];
  const Line& line_b = lines_[b.line];
  return a.candidate.token_ids == b.candidate.token_ids &&
         line_a.token_ids == line_b.token_ids && line_a.text == line_b.text;
}

double RoundSearch::Likelihood(const std::vector<Contender>& contenders,
                               const Contender& contender) const {
  const auto first = std::find_if(
      contenders.begin(), contenders.end(),
      [&](const Contender& other) { return SaidTheSame(other, contender); });
  if (first != contenders.end()) return first->likelihood;
  const Candidate& candidate = contender.candidate;
  return PerToken(candidate.logprob,
                  static_cast<int>(candidate.token_ids.size()));
}

KnockOut RoundSearch::MakeKnockOut(
    const std::vector<Contender>& contenders) const {
  std::vector<int> invited;
  if (progress_.best) invited.push_back(*progress_.best);
  const auto earlier = std::count_if(
      contenders.begin(), contenders.end(),
      [this](const Contender& c) { return c.draw < progress_.draw; });
  for (int i = 0; i < Total(plan_); ++i)
    invited.push_back(static_cast<int>(earlier) + i);
  return {EntrantsOf(contenders, progress_.draw, progress_.best),
          std::move(invited), plan_.keep,
          DeriveSeed(seed_, SeedUse::kPairing, static_cast<uint64_t>(round_),
                     static_cast<uint64_t>(progress_.draw))};
}

std::optional<std::vector<Contender>> RoundSearch::ContendersOf(
    const Partial& partial) const {
  const auto* ask = done_ ? nullptr : std::get_if<Expand>(&ask_);
  if (ask == nullptr || partial.sets.size() != lines_.size())
    return std::nullopt;
  std::vector<Contender> contenders = contenders_;
  for (size_t b = 0; b < lines_.size(); ++b) {
    if (partial.sets[b].size() != static_cast<size_t>(ask->branches[b].count))
      return std::nullopt;
    for (const std::optional<Candidate>& candidate : partial.sets[b])
      Add(candidate, b, contenders);
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

std::string RoundSearch::JudgedText(const Candidate& candidate,
                                    size_t line) const {
  const std::string text = rules_->JudgedText(plan_, candidate);
  if (SharedHint()) return text;
  return rules_->Hint(plan_, lines_[line]) + "\n" + text;
}

void RoundSearch::Advance() {
  if (knock_out_.Done()) return Settle(knock_out_.Survivors());
  ask_ = MakeCompare(contenders_, knock_out_);
}

Compare RoundSearch::MakeCompare(const std::vector<Contender>& contenders,
                                 const KnockOut& knock_out) const {
  Compare compare{plan_.stage, plan_.subject,     SharedHint().value_or(""),
                  {},          knock_out.pairs(), 0};
  for (const Contender& contender : contenders) {
    compare.candidates.push_back(contender.text);
  }
  const int judge_round = progress_.judge_rounds + knock_out.round();
  compare.seed =
      DeriveSeed(seed_, SeedUse::kJudging, static_cast<uint64_t>(round_),
                 static_cast<uint64_t>(judge_round));
  return compare;
}

absl::Status RoundSearch::Tell(Compared compared) {
  absl::Status fits = CheckFits(RunningAsk(), compared);
  if (!fits.ok()) return fits;
  const std::vector<Pair>& pairs = std::get<Compare>(ask_).pairs;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto [first, second] = pairs[i];
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
  absl::Status fits = CheckFits(RunningAsk(), unavailable);
  if (!fits.ok()) return fits;
  Report(DegradationKind::kJudgeUnavailable, std::move(unavailable.detail));
  knock_out_.DecideByLikelihood();
  // Nobody could judge more candidates either.
  EndRound(knock_out_.Survivors());
  return absl::OkStatus();
}

void RoundSearch::Settle(const std::vector<int>& survivors) {
  if (!survivors.empty()) progress_.confidence = ConfidenceIn(survivors[0]);
  const int more = rules_->More(plan_, StandingOf(survivors));
  if (more > 0 && !shorten_reason_) return DrawMore(more, survivors);
  if (more > 0) Report(DegradationKind::kShortened, *shorten_reason_);
  EndRound(survivors);
}

Standing RoundSearch::StandingOf(const std::vector<int>& survivors) const {
  Standing standing;
  standing.drawn = progress_.asked;
  standing.eligible = CountEligible(contenders_);
  standing.texts = CountTexts(contenders_);
  standing.confidence = progress_.confidence;
  if (survivors.empty()) return standing;
  const auto best = static_cast<size_t>(survivors.front());
  standing.probability = std::exp(contenders_[best].candidate.logprob);
  return standing;
}

std::optional<double> RoundSearch::ConfidenceIn(int candidate) const {
  const std::vector<TracedDuel>& duels = trace_.back().duels;
  if (duels.size() == progress_.duels) return progress_.confidence;
  std::optional<double> least;
  for (size_t i = progress_.duels; i < duels.size(); ++i) {
    if (duels[i].winner != candidate) continue;
    least = std::min(least.value_or(1.0), duels[i].confidence);
  }
  return least;
}

void RoundSearch::EndRound(std::vector<int> survivors) {
  ReportEligible();
  if (survivors.empty()) survivors = {Likeliest(contenders_)};
  std::vector<Line> lines;
  for (int survivor : survivors) {
    const Contender& contender = contenders_[static_cast<size_t>(survivor)];
    Line line = lines_[contender.line];
    line.candidate = survivor;
    rules_->Extend(plan_, contender.candidate, contender.eligible, line);
    lines.push_back(std::move(line));
  }
  lines_ = std::move(lines);
  trace_.back().survivors = std::move(survivors);
  StartRound();
}

void RoundSearch::ReportEligible() {
  const int asked = progress_.asked;
  const int eligible = CountEligible(contenders_);
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
