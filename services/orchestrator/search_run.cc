#include "services/orchestrator/search_run.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/search/decider.h"
#include "libs/search/response_text.h"
#include "services/orchestrator/search_spans.h"

namespace stagebeam::orchestrator {

SearchRun::SearchRun(const Workers& workers, SolverMetrics& metrics,
                     const inference::RequestContext& context,
                     const Question& question, StepListener& listener)
    : workers_(workers),
      metrics_(metrics),
      question_(question),
      listener_(listener),
      start_(workers.now()),
      span_(workers.tracer.Start("request", context.traceparent, start_)),
      context_(Within(span_, context)),
      calls_(workers, question),
      pace_(question.strategy, context.deadline),
      teller_(GoesByStages(question.strategy), listener) {
  Describe(question, span_);
}

absl::StatusOr<Answer> SearchRun::Run() {
  const absl::Status status = Search();
  if (status.ok()) return Finish();
  stage_span_.SetStatus(status);
  span_.SetStatus(status);
  return status;
}

absl::Status SearchRun::Search() {
  if (absl::Status started = Start(); !started.ok()) return started;
  while (!search_->Done()) {
    absl::Status status = ContextError(context_, workers_.now());
    if (status.ok()) status = Step();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SearchRun::Start() {
  auto search = search::MakeSearch(question_.strategy, question_.sampling.seed);
  if (!search.ok()) return search.status();
  search_ = *std::move(search);
  if (absl::Status encoded = calls_.Encode(context_); !encoded.ok())
    return encoded;
  listener_.OnImageEncoded(calls_.features(), calls_.cost().image_cached);
  return absl::OkStatus();
}

absl::Status SearchRun::Step() {
  const search::Ask ask = search_->Next();
  const auto* expand = std::get_if<search::Expand>(&ask);
  const absl::Status status = expand != nullptr
                                  ? Sample(*expand)
                                  : Compare(std::get<search::Compare>(ask));
  if (!status.ok()) return status;
  teller_.Tell(search_->trace());
  KeepPace();
  return absl::OkStatus();
}

void SearchRun::BeginExpansion(const search::Expand& expand) {
  expansion_start_ = workers_.now();
  const std::string stage(search::StageName(expand.stage));
  stage_span_ = workers_.tracer.Start("stage " + stage, context_.traceparent,
                                      expansion_start_);
  stage_span_.Set("stagebeam.stage", stage);
  stage_span_.Set("stagebeam.stage_index", expand.stage_index);
  stage_context_ = Within(stage_span_, context_);
}

absl::Status SearchRun::Sample(const search::Expand& expand) {
  // Else it asks for more candidates of the one that runs.
  if (search_->trace().size() == ended_) BeginExpansion(expand);
  auto expanded = calls_.Sample(stage_context_, *search_, expand);
  if (!expanded.ok()) return expanded.status();
  const absl::Status told = search_->Tell(*std::move(expanded));
  if (told.ok()) return told;
  return absl::InternalError(
      absl::StrCat("the generator's answer does not fit: ", told.message()));
}

absl::Status SearchRun::Compare(const search::Compare& compare) {
  if (!search::AsksJudge(question_.decider)) {
    unjudged_duels_ += static_cast<int>(compare.pairs.size());
    return search_->Tell(search::DecideWithoutJudge(question_.decider, compare,
                                                    search_->trace().back()));
  }
  auto compared = calls_.Compare(stage_context_, compare);
  if (compared.ok()) return TellCompared(compare, *std::move(compared));
  if (absl::Status over = ContextError(context_, workers_.now()); !over.ok()) {
    return over;
  }
  const absl::Status& error = compared.status();
  return search_->Tell(search::JudgeUnavailable{absl::StrCat(
      absl::StatusCodeToString(error.code()), ": ", error.message())});
}

absl::Status SearchRun::TellCompared(const search::Compare& compare,
                                     search::Compared compared) {
  if (question_.decider == search::Decider::kJudgeAndLikelihood) {
    compared = search::WithLikelihood(std::move(compared), compare,
                                      search_->trace().back());
  }
  return search_->Tell(std::move(compared));
}

void SearchRun::KeepPace() {
  const auto& trace = search_->trace();
  const absl::Time now = workers_.now();
  if (trace.size() > ended_ && !trace.back().survivors.empty()) {
    ended_ = trace.size();
    calls_.EndEarlyDuels();
    Describe(trace.back(), stage_span_);
    stage_span_.End(workers_.now());
    metrics_.StageTook(StrategyName(question_.strategy), trace.back().stage,
                       now - expansion_start_);
    pace_.ExpansionTook(now - expansion_start_);
  }
  if (search_->Done()) return;
  if (std::optional<std::string> why = pace_.WhyTooSlow(now)) {
    search_->Shorten(*std::move(why));
  }
}

Answer SearchRun::Finish() {
  Answer answer{search_->outcome(), search_->trace(), calls_.features(),
                calls_.model_id(), calls_.cost()};
  const absl::Time end = workers_.now();
  answer.cost.total_time = end - start_;
  answer.cost.duel_count += unjudged_duels_;
  Describe(answer, span_);
  span_.End(end);
  return answer;
}

}  // namespace stagebeam::orchestrator
