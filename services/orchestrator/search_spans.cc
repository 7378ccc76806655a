#include "services/orchestrator/search_spans.h"

#include <utility>

namespace stagebeam::orchestrator {
namespace {

// Counts of generator and judge alike.
template <class Usage>
void DescribeTokens(const Usage& usage, tracing::Span& span) {
  span.Set("stagebeam.prompt_tokens", usage.prompt_token_count);
  span.Set("stagebeam.reused_tokens", usage.reused_token_count);
  span.Set("stagebeam.generated_tokens", usage.generated_token_count);
}

}  // namespace

inference::RequestContext Within(const tracing::Span& span,
                                 inference::RequestContext context) {
  context.traceparent = span.traceparent();
  return context;
}

void Describe(const Question& question, tracing::Span& span) {
  if (!span.recording()) return;
  span.Set("stagebeam.request_id", question.request_id);
  span.Set("stagebeam.strategy", StrategyName(question.strategy));
}

void Describe(const Answer& answer, tracing::Span& span) {
  DescribeTokens(answer.cost, span);
  span.Set("stagebeam.candidates", answer.cost.candidate_count);
  span.Set("stagebeam.duels", answer.cost.duel_count);
  span.Set("stagebeam.image_cached", answer.cost.image_cached);
  span.Set("stagebeam.degradations", answer.outcome.degradations.size());
  span.Set("stagebeam.model_id", answer.model_id);
}

void Describe(const search::ExpansionTrace& expansion, tracing::Span& span) {
  span.Set("stagebeam.candidates", expansion.candidates.size());
  span.Set("stagebeam.duels", expansion.duels.size());
  span.Set("stagebeam.draws", expansion.candidates.back().draw + 1);
  span.Set("stagebeam.survivors", expansion.survivors.size());
}

void Describe(const inference::GenerateResult& result, tracing::Span& span) {
  DescribeTokens(result.usage, span);
  span.Set("stagebeam.candidates", result.candidates.size());
  span.Set("stagebeam.model_id", result.model_id);
}

void Describe(const inference::CompareResult& result, tracing::Span& span) {
  DescribeTokens(result.usage, span);
}

}  // namespace stagebeam::orchestrator
