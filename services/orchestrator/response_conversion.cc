#include "services/orchestrator/response_conversion.h"

#include "libs/inference/generator.h"
#include "libs/remote/duration_conversion.h"
#include "libs/remote/generator_conversion.h"
#include "services/orchestrator/image_key.h"

namespace stagebeam::orchestrator {
namespace {

inference::FinishReason ToPort(search::Finish finish) {
  switch (finish) {
    case search::Finish::kStopString:
      return inference::FinishReason::kStopString;
    case search::Finish::kEndOfTurn:
      return inference::FinishReason::kEndOfTurn;
    case search::Finish::kLength:
      break;
  }
  return inference::FinishReason::kLength;
}

v1::DegradationKind ToProto(search::DegradationKind kind) {
  switch (kind) {
    case search::DegradationKind::kJudgeUnavailable:
      return v1::DEGRADATION_KIND_JUDGE_UNAVAILABLE;
    case search::DegradationKind::kFewerCandidates:
      return v1::DEGRADATION_KIND_FEWER_CANDIDATES;
    case search::DegradationKind::kStageCut:
      return v1::DEGRADATION_KIND_STAGE_CUT;
    case search::DegradationKind::kShortened:
      break;
  }
  return v1::DEGRADATION_KIND_SHORTENED;
}

}  // namespace

v1::Stage ToProto(search::Stage stage) {
  switch (stage) {
    case search::Stage::kSummary:
      return v1::STAGE_SUMMARY;
    case search::Stage::kCaption:
      return v1::STAGE_CAPTION;
    case search::Stage::kReasoning:
      return v1::STAGE_REASONING;
    case search::Stage::kConclusion:
      return v1::STAGE_CONCLUSION;
    case search::Stage::kResponse:
      break;
  }
  return v1::STAGE_UNSPECIFIED;
}

v1::StageText ToProto(const search::StageText& stage_text) {
  v1::StageText proto;
  proto.set_stage(ToProto(stage_text.stage));
  proto.set_text(stage_text.text);
  return proto;
}

v1::TracedCandidate ToProto(const search::TracedCandidate& candidate) {
  v1::TracedCandidate proto;
  proto.set_text(candidate.text);
  proto.set_finish_reason(remote::ToProto(ToPort(candidate.finish)));
  proto.set_logprob(candidate.logprob);
  proto.set_parent(candidate.parent);
  proto.set_eligible(candidate.eligible);
  proto.set_token_count(candidate.token_count);
  proto.set_draw(candidate.draw);
  return proto;
}

v1::Duel ToProto(const search::TracedDuel& duel) {
  v1::Duel proto;
  proto.set_first(duel.first);
  proto.set_second(duel.second);
  proto.set_winner(duel.winner);
  proto.set_confidence(duel.confidence);
  proto.set_rationale(duel.rationale);
  return proto;
}

v1::Expansion ToProto(const search::ExpansionTrace& expansion) {
  v1::Expansion proto;
  proto.set_stage(ToProto(expansion.stage));
  for (const auto& candidate : expansion.candidates) {
    *proto.add_candidates() = ToProto(candidate);
  }
  for (const auto& duel : expansion.duels) *proto.add_duels() = ToProto(duel);
  proto.mutable_survivors()->Add(expansion.survivors.begin(),
                                 expansion.survivors.end());
  return proto;
}

v1::Degradation ToProto(const search::Degradation& degradation) {
  v1::Degradation proto;
  proto.set_kind(ToProto(degradation.kind));
  proto.set_detail(degradation.detail);
  return proto;
}

v1::Usage ToProto(const Cost& cost) {
  v1::Usage proto;
  proto.set_prompt_token_count(cost.prompt_token_count);
  proto.set_reused_token_count(cost.reused_token_count);
  proto.set_generated_token_count(cost.generated_token_count);
  proto.set_candidate_count(cost.candidate_count);
  proto.set_duel_count(cost.duel_count);
  proto.set_image_cached(cost.image_cached);
  *proto.mutable_encode_time() = remote::ToProto(cost.encode_time);
  *proto.mutable_generate_time() = remote::ToProto(cost.generate_time);
  *proto.mutable_judge_time() = remote::ToProto(cost.judge_time);
  *proto.mutable_total_time() = remote::ToProto(cost.total_time);
  return proto;
}

v1::ReasonResponse ToProto(const Answer& answer, const std::string& request_id,
                           bool include_trace) {
  v1::ReasonResponse proto;
  proto.set_request_id(request_id);
  proto.set_answer(answer.outcome.answer);
  for (const search::StageText& stage : answer.outcome.stages) {
    *proto.add_stages() = ToProto(stage);
  }
  *proto.mutable_usage() = ToProto(answer.cost);
  for (const search::Degradation& degradation : answer.outcome.degradations) {
    *proto.add_degradations() = ToProto(degradation);
  }
  proto.set_image_key(FormatImageKey(answer.features));
  proto.set_model_id(answer.model_id);
  if (!include_trace) return proto;
  for (const search::ExpansionTrace& expansion : answer.trace) {
    *proto.mutable_trace()->add_expansions() = ToProto(expansion);
  }
  return proto;
}

}  // namespace stagebeam::orchestrator
