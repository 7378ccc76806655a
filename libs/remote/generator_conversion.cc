#include "libs/remote/generator_conversion.h"

#include "libs/remote/duration_conversion.h"
#include "libs/remote/feature_conversion.h"

namespace stagebeam::remote {
inference::Candidate FromProto(const generator::v1::Candidate& proto) {
  return {
      .text = proto.text(),
      .token_ids = {proto.token_ids().begin(), proto.token_ids().end()},
      .finish_reason = FromProto(proto.finish_reason()),
      .logprob = proto.logprob(),
      .token_logprobs = {proto.token_logprobs().begin(),
                         proto.token_logprobs().end()},
  };
}

generator::v1::Candidate ToProto(const inference::Candidate& candidate) {
  generator::v1::Candidate proto;
  proto.set_text(candidate.text);
  proto.mutable_token_ids()->Add(candidate.token_ids.begin(),
                                 candidate.token_ids.end());
  proto.set_finish_reason(ToProto(candidate.finish_reason));
  proto.set_logprob(candidate.logprob);
  proto.mutable_token_logprobs()->Add(candidate.token_logprobs.begin(),
                                      candidate.token_logprobs.end());
  return proto;
}

std::vector<inference::EndedCandidate> FromProto(
    const generator::v1::CandidatesEnded& proto) {
  std::vector<inference::EndedCandidate> ended;
  for (const generator::v1::EndedCandidate& candidate : proto.candidates())
    ended.push_back({candidate.index(), FromProto(candidate.candidate())});
  return ended;
}

generator::v1::CandidatesEnded ToProto(
    const std::vector<inference::EndedCandidate>& ended) {
  generator::v1::CandidatesEnded proto;
  for (const inference::EndedCandidate& candidate : ended) {
    generator::v1::EndedCandidate& added = *proto.add_candidates();
    added.set_index(candidate.index);
    *added.mutable_candidate() = ToProto(candidate.candidate);
  }
  return proto;
}

inference::GenerationUsage FromProto(
    const generator::v1::GenerationUsage& proto) {
  return {.prompt_token_count = proto.prompt_token_count(),
          .reused_token_count = proto.reused_token_count(),
          .generated_token_count = proto.generated_token_count(),
          .queue_time = FromProto(proto.queue_time()),
          .prefill_time = FromProto(proto.prefill_time()),
          .decode_time = FromProto(proto.decode_time())};
}

generator::v1::GenerationUsage ToProto(
    const inference::GenerationUsage& usage) {
  generator::v1::GenerationUsage proto;
  proto.set_prompt_token_count(usage.prompt_token_count);
  proto.set_reused_token_count(usage.reused_token_count);
  proto.set_generated_token_count(usage.generated_token_count);
  *proto.mutable_queue_time() = ToProto(usage.queue_time);
  *proto.mutable_prefill_time() = ToProto(usage.prefill_time);
  *proto.mutable_decode_time() = ToProto(usage.decode_time);
  return proto;
}

inference::SamplingParameters FromProto(
    const generator::v1::SamplingParameters& proto) {
  inference::SamplingParameters sampling;
  if (proto.has_temperature()) sampling.temperature = proto.temperature();
  if (proto.has_top_p()) sampling.top_p = proto.top_p();
  if (proto.has_top_k()) sampling.top_k = proto.top_k();
  sampling.seed = proto.seed();
  sampling.stage_index = proto.stage_index();
  return sampling;
}

generator::v1::SamplingParameters ToProto(
    const inference::SamplingParameters& sampling) {
  generator::v1::SamplingParameters proto;
  proto.set_temperature(sampling.temperature);
  proto.set_top_p(sampling.top_p);
  proto.set_top_k(sampling.top_k);
  proto.set_seed(sampling.seed);
  proto.set_stage_index(sampling.stage_index);
  return proto;
}

inference::StoppingParameters FromProto(
    const generator::v1::StoppingParameters& proto) {
  return {.stop_strings = {proto.stop_strings().begin(),
                           proto.stop_strings().end()},
          .max_new_tokens = proto.max_new_tokens(),
          .min_new_tokens = proto.min_new_tokens(),
          .stop_after_sentence = proto.stop_after_sentence()};
}

generator::v1::StoppingParameters ToProto(
    const inference::StoppingParameters& stopping) {
  generator::v1::StoppingParameters proto;
  for (const std::string& text : stopping.stop_strings) {
    proto.add_stop_strings(text);
  }
  proto.set_max_new_tokens(stopping.max_new_tokens);
  proto.set_min_new_tokens(stopping.min_new_tokens);
  proto.set_stop_after_sentence(stopping.stop_after_sentence);
  return proto;
}

inference::FinishReason FromProto(generator::v1::FinishReason proto) {
  switch (proto) {
    case generator::v1::FINISH_REASON_STOP_STRING:
      return inference::FinishReason::kStopString;
    case generator::v1::FINISH_REASON_END_OF_TURN:
      return inference::FinishReason::kEndOfTurn;
    default:
      return inference::FinishReason::kLength;
  }
}

generator::v1::FinishReason ToProto(inference::FinishReason reason) {
  switch (reason) {
    case inference::FinishReason::kStopString:
      return generator::v1::FINISH_REASON_STOP_STRING;
    case inference::FinishReason::kEndOfTurn:
      return generator::v1::FINISH_REASON_END_OF_TURN;
    case inference::FinishReason::kLength:
      return generator::v1::FINISH_REASON_LENGTH;
  }
  return generator::v1::FINISH_REASON_UNSPECIFIED;
}

inference::GenerateRequest FromProto(
    const generator::v1::GenerateCandidatesRequest& proto) {
  inference::GenerateRequest request;
  if (proto.has_image()) request.image = FromProto(proto.image());
  request.question = proto.question();
  request.prefix_token_ids.assign(proto.prefix_token_ids().begin(),
                                  proto.prefix_token_ids().end());
  request.prefix_text = proto.prefix_text();
  request.candidate_count = proto.candidate_count();
  request.first_candidate_index = proto.first_candidate_index();
  request.sampling = FromProto(proto.sampling());
  request.stopping = FromProto(proto.stopping());
  request.session_id = proto.session_id();
  request.include_token_logprobs = proto.include_token_logprobs();
  return request;
}

generator::v1::GenerateCandidatesRequest ToProto(
    const inference::GenerateRequest& request) {
  generator::v1::GenerateCandidatesRequest proto;
  if (request.image.has_value()) {
    *proto.mutable_image() = ToProto(*request.image);
  }
  proto.set_question(request.question);
  proto.mutable_prefix_token_ids()->Add(request.prefix_token_ids.begin(),
                                        request.prefix_token_ids.end());
  proto.set_prefix_text(request.prefix_text);
  proto.set_candidate_count(request.candidate_count);
  proto.set_first_candidate_index(request.first_candidate_index);
  *proto.mutable_sampling() = ToProto(request.sampling);
  *proto.mutable_stopping() = ToProto(request.stopping);
  proto.set_session_id(request.session_id);
  proto.set_include_token_logprobs(request.include_token_logprobs);
  return proto;
}

inference::GenerateResult FromProto(
    const generator::v1::GenerateCandidatesResponse& proto) {
  inference::GenerateResult result;
  for (const generator::v1::Candidate& candidate : proto.candidates()) {
    result.candidates.push_back(FromProto(candidate));
  }
  result.usage = FromProto(proto.usage());
  result.model_id = proto.model_id();
  result.prefix_text_token_ids.assign(proto.prefix_text_token_ids().begin(),
                                      proto.prefix_text_token_ids().end());
  return result;
}

generator::v1::GenerateCandidatesResponse ToProto(
    const inference::GenerateResult& result) {
  generator::v1::GenerateCandidatesResponse proto;
  for (const inference::Candidate& candidate : result.candidates) {
    *proto.add_candidates() = ToProto(candidate);
  }
  *proto.mutable_usage() = ToProto(result.usage);
  proto.set_model_id(result.model_id);
  proto.mutable_prefix_text_token_ids()->Add(
      result.prefix_text_token_ids.begin(), result.prefix_text_token_ids.end());
  return proto;
}

}  // namespace stagebeam::remote
