#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_EVENT_STREAM_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_EVENT_STREAM_H_

#include <vector>

#include "libs/serving/response_stream.h"
#include "services/orchestrator/answer.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

namespace stagebeam::orchestrator {

// Sends each step as an event. A caller that reads slowly slows the search
// down; one that has gone is told nothing more, and the context's cancellation
// ends the search.
class EventStream final : public StepListener {
 public:
  using Stream = serving::ResponseStream<v1::StreamReasonResponse>;

  // `stream` must outlive it.
  explicit EventStream(Stream& stream) : stream_(stream) {}

  void OnImageEncoded(const inference::ImageFeatures& features,
                      bool cached) override;
  void OnCandidatesSampled(
      search::Stage stage, int first,
      const std::vector<search::TracedCandidate>& candidates) override;
  void OnDuelDecided(search::Stage stage,
                     const search::TracedDuel& duel) override;
  void OnStageChosen(const search::StageText& chosen, int candidate) override;

 private:
  Stream& stream_;
};

// Where nobody listens.
class NobodyListens final : public StepListener {
 public:
  void OnImageEncoded(const inference::ImageFeatures&, bool) override {}
  void OnCandidatesSampled(
      search::Stage, int,
      const std::vector<search::TracedCandidate>&) override {}
  void OnDuelDecided(search::Stage, const search::TracedDuel&) override {}
  void OnStageChosen(const search::StageText&, int) override {}
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_EVENT_STREAM_H_
