#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_SPANS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_SPANS_H_

#include "libs/inference/generator.h"
#include "libs/inference/judge.h"
#include "libs/inference/request_context.h"
#include "libs/search/search.h"
#include "libs/tracing/span.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/question.h"

// What the spans of a search say; docs/tracing.md lists them.
namespace stagebeam::orchestrator {

// `context` for calls made within `span`.
inference::RequestContext Within(const tracing::Span& span,
                                 inference::RequestContext context);

void Describe(const Question& question, tracing::Span& span);
void Describe(const Answer& answer, tracing::Span& span);
void Describe(const search::ExpansionTrace& expansion, tracing::Span& span);
void Describe(const inference::GenerateResult& result, tracing::Span& span);
void Describe(const inference::CompareResult& result, tracing::Span& span);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_SEARCH_SPANS_H_
