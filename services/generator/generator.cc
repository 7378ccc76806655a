#include "services/generator/generator.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/serving/status_conversion.h"
#include "services/generator/request_check.h"
#include "services/worker/call_spans.h"

namespace stagebeam::generator {
namespace {

serving::Counter CandidateCounter(serving::Metrics& metrics,
                                  const char* finish_reason) {
  return metrics.AddCounter("stagebeam_generator_candidates_total",
                            "Candidates sampled, by what ended them.",
                            {{"finish_reason", finish_reason}});
}

engine::GenerateCall ToCall(const inference::RequestContext& context,
                            const inference::GenerateRequest& request) {
  const inference::SamplingParameters& sampling = request.sampling;
  const inference::StoppingParameters& stopping = request.stopping;
  engine::GenerateCall call;
  call.control = {.deadline = context.deadline,
                  .cancellation = context.cancellation};
  call.sampling = {.temperature = sampling.temperature,
                   .top_p = sampling.top_p,
                   .top_k = sampling.top_k,
                   .seed = sampling.seed,
                   .stage_index = sampling.stage_index};
  call.stopping = {.stop_strings = stopping.stop_strings,
                   .max_new_tokens = stopping.max_new_tokens,
                   .min_new_tokens = stopping.min_new_tokens,
                   .stop_after_sentence = stopping.stop_after_sentence};
  call.want_token_logprobs = request.include_token_logprobs;
  return call;
}

inference::FinishReason ToReason(engine::Finish finish) {
  switch (finish) {
    case engine::Finish::kStopString:
      return inference::FinishReason::kStopString;
    case engine::Finish::kEndOfTurn:
      return inference::FinishReason::kEndOfTurn;
    case engine::Finish::kLength:
      break;
  }
  return inference::FinishReason::kLength;
}

inference::Candidate ToCandidate(engine::Branch branch) {
  return {.text = std::move(branch.text),
          .token_ids = std::move(branch.token_ids),
          .finish_reason = ToReason(branch.finish),
          .logprob = branch.logprob,
          .token_logprobs = std::move(branch.token_logprobs)};
}

std::vector<inference::EndedCandidate> ToCandidates(
    const std::vector<engine::EndedBranch>& ended) {
  std::vector<inference::EndedCandidate> candidates;
  for (const engine::EndedBranch& branch : ended)
    candidates.push_back({branch.index, ToCandidate(branch.branch)});
  return candidates;
}

inference::GenerateResult ToResult(engine::GenerateOutput output,
                                   const std::string& model_id) {
  inference::GenerateResult result;
  for (engine::Branch& branch : output.branches.at(0)) {
    result.candidates.push_back(ToCandidate(std::move(branch)));
  }
  result.usage = {.prompt_token_count = output.usage.prompt_token_count,
                  .reused_token_count = output.usage.reused_token_count,
                  .generated_token_count = output.usage.generated_token_count,
                  .queue_time = output.usage.queue_time,
                  .prefill_time = output.usage.prefill_time,
                  .decode_time = output.usage.decode_time};
  result.model_id = model_id;
  return result;
}

}  // namespace

EngineGenerator::EngineGenerator(engine::Engine& engine,
                                 const worker::FeatureSource& features,
                                 const GeneratorOptions& options,
                                 serving::Metrics& metrics,
                                 tracing::Tracer tracer)
    : engine_(engine),
      features_(features),
      options_(options),
      tracer_(tracer),
      stop_strings_(CandidateCounter(metrics, "stop_string")),
      end_of_turns_(CandidateCounter(metrics, "end_of_turn")),
      lengths_(CandidateCounter(metrics, "length")) {}

absl::StatusOr<inference::GenerateResult> EngineGenerator::GenerateCandidates(
    const inference::RequestContext& context,
    const inference::GenerateRequest& request,
    const inference::CandidateListener& on_end) {
  const RequestLimits limits = {.max_new_tokens = engine_.max_new_tokens(),
                                .token_count = engine_.tokenizer().size(),
                                .image_id = engine_.chat().image_id()};
  if (absl::Status status = CheckRequest(request, limits); !status.ok())
    return status;
  std::vector<int32_t> prompt = PromptOf(request);
  absl::Status fits = CheckContext(request, static_cast<int>(prompt.size()));
  if (!fits.ok()) return fits;
  engine::GenerateCall call = ToCall(context, request);
  call.stopping.close_at_limit = options_.close_at_limit;
  call.image = features_.Prompt(request.image, context);
  call.prompts.push_back({.prompt_token_ids = std::move(prompt),
                          .branch_count = request.candidate_count,
                          .first_stream = request.first_candidate_index});
  if (on_end) {
    call.on_branch_end = [&](const std::vector<engine::EndedBranch>& ended) {
      on_end(ToCandidates(ended));
    };
  }
  auto output = engine_.Generate(call);
  if (!output.ok()) return output.status();
  worker::RecordCall(tracer_, context.traceparent, output->usage, absl::Now());
  inference::GenerateResult result =
      ToResult(*std::move(output), engine_.model_id());
  result.prefix_text_token_ids =
      engine_.tokenizer().Encode(request.prefix_text);
  Count(result);
  return result;
}

std::vector<int32_t> EngineGenerator::PromptOf(
    const inference::GenerateRequest& request) const {
  std::vector<int32_t> ids =
      engine_.chat().Prompt(request.question, request.image.has_value());
  ids.insert(ids.end(), request.prefix_token_ids.begin(),
             request.prefix_token_ids.end());
  const std::vector<int32_t> text_ids =
      engine_.tokenizer().Encode(request.prefix_text);
  ids.insert(ids.end(), text_ids.begin(), text_ids.end());
  return ids;
}

absl::Status EngineGenerator::CheckContext(
    const inference::GenerateRequest& request, int prompt_length) const {
  const int wanted = request.stopping.max_new_tokens;
  const int room = engine_.max_context() - prompt_length;
  if (room >= (wanted == 0 ? 1 : wanted)) return absl::OkStatus();
  const bool prompt_alone = room < 1;
  return serving::InvalidField(
      prompt_alone ? "question" : "stopping.max_new_tokens",
      absl::StrCat("the context holds ", engine_.max_context(),
                   " tokens, question and prefix take ", prompt_length,
                   prompt_alone ? "" : absl::StrCat(", which leaves ", room)));
}

void EngineGenerator::Count(const inference::GenerateResult& result) const {
  for (const inference::Candidate& candidate : result.candidates) {
    switch (candidate.finish_reason) {
      case inference::FinishReason::kStopString:
        stop_strings_.Increment();
        break;
      case inference::FinishReason::kEndOfTurn:
        end_of_turns_.Increment();
        break;
      case inference::FinishReason::kLength:
        lengths_.Increment();
        break;
    }
  }
}

}  // namespace stagebeam::generator
