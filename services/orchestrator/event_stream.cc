#include "services/orchestrator/event_stream.h"

#include "services/orchestrator/image_key.h"
#include "services/orchestrator/response_conversion.h"

namespace stagebeam::orchestrator {

void EventStream::OnImageEncoded(const inference::ImageFeatures& features,
                                 bool cached) {
  v1::StreamReasonResponse event;
  event.mutable_image_encoded()->set_cached(cached);
  event.mutable_image_encoded()->set_image_key(FormatImageKey(features));
  stream_.Write(event);
}

void EventStream::OnCandidatesSampled(
    search::Stage stage, int first,
    const std::vector<search::TracedCandidate>& candidates) {
  v1::StreamReasonResponse event;
  v1::CandidatesSampled& sampled = *event.mutable_candidates_sampled();
  sampled.set_stage(ToProto(stage));
  sampled.set_first_candidate_index(first);
  for (const search::TracedCandidate& candidate : candidates) {
    *sampled.add_candidates() = ToProto(candidate);
  }
  stream_.Write(event);
}

void EventStream::OnDuelDecided(search::Stage stage,
                                const search::TracedDuel& duel) {
  v1::StreamReasonResponse event;
  event.mutable_duel_decided()->set_stage(ToProto(stage));
  *event.mutable_duel_decided()->mutable_duel() = ToProto(duel);
  stream_.Write(event);
}

void EventStream::OnStageChosen(const search::StageText& chosen,
                                int candidate) {
  v1::StreamReasonResponse event;
  *event.mutable_stage_chosen()->mutable_stage_text() = ToProto(chosen);
  event.mutable_stage_chosen()->set_candidate(candidate);
  stream_.Write(event);
}

}  // namespace stagebeam::orchestrator
