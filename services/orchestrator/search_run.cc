#include "services/orchestrator/search_run.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace stagebeam::orchestrator {

SearchRun::SearchRun(const Workers& workers, SolverMetrics& metrics,
                     const inference::RequestContext& context,
                     const Question& question, StepListener& listener)
    : workers_(workers),
      metrics_(metrics),
      context_(context),
      question_(question),
      listener_(listener),
      calls_(workers, context, question),
      pace_(question.strategy, context.deadline),
      teller_(std::holds_alternative<search::StageBeam>(question.strategy),
              listener) {}

absl::StatusOr<Answer> SearchRun::Run() {
  const absl::Time start = workers_.now();
  if (absl::Status started = Start(); !started.ok()) return started;
  while (!search_->Done()) {
    absl::Status status = ContextError(context_, workers_.now());
    if (status.ok()) status = Step();
    if (!status.ok()) return status;
  }
  return Finish(start);
}

absl::Status SearchRun::Start() {
  auto search = search::MakeSearch(question_.strategy, question_.sampling.seed);
  if (!search.ok()) return search.status();
  search_ = *std::move(search);
  if (absl::Status encoded = calls_.Encode(); !encoded.ok()) return encoded;
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

absl::Status SearchRun::Sample(const search::Expand& expand) {
  expansion_start_ = workers_.now();
  auto expanded = calls_.Sample(*search_, expand);
  if (!expanded.ok()) return expanded.status();
  const absl::Status told = search_->Tell(*std::move(expanded));
  if (told.ok()) return told;
  return absl::InternalError(
      absl::StrCat("the generator's answer does not fit: ", told.message()));
}

absl::Status SearchRun::Compare(const search::Compare& compare) {
  auto compared = calls_.Compare(compare);
  if (compared.ok()) return search_->Tell(*std::move(compared));
  if (absl::Status over = ContextError(context_, workers_.now()); !over.ok()) {
    return over;
  }
  const absl::Status& error = compared.status();
  return search_->Tell(search::JudgeUnavailable{absl::StrCat(
      absl::StatusCodeToString(error.code()), ": ", error.message())});
}

void SearchRun::KeepPace() {
  const auto& trace = search_->trace();
  const absl::Time now = workers_.now();
  if (trace.size() > ended_ && !trace.back().survivors.empty()) {
    ended_ = trace.size();
    calls_.EndExpansion();
    metrics_.StageTook(trace.back().stage, now - expansion_start_);
    pace_.ExpansionTook(now - expansion_start_);
  }
  if (search_->Done()) return;
  if (std::optional<std::string> why = pace_.WhyTooSlow(now)) {
    search_->Shorten(*std::move(why));
  }
}

Answer SearchRun::Finish(absl::Time start) const {
  Answer answer{search_->outcome(), search_->trace(), calls_.features(),
                calls_.model_id(), calls_.cost()};
  answer.cost.total_time = workers_.now() - start;
  return answer;
}

}  // namespace stagebeam::orchestrator
