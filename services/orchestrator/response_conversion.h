#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_RESPONSE_CONVERSION_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_RESPONSE_CONVERSION_H_

#include <string>

#include "libs/search/search.h"
#include "services/orchestrator/answer.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

// From the search's types to stagebeam.orchestrator.v1.
namespace stagebeam::orchestrator {

v1::Stage ToProto(search::Stage stage);
v1::StageText ToProto(const search::StageText& stage_text);
v1::TracedCandidate ToProto(const search::TracedCandidate& candidate);
v1::Duel ToProto(const search::TracedDuel& duel);
v1::Expansion ToProto(const search::ExpansionTrace& expansion);
v1::Degradation ToProto(const search::Degradation& degradation);
v1::Usage ToProto(const Cost& cost);

// The whole response, with the trace where `include_trace`.
v1::ReasonResponse ToProto(const Answer& answer, const std::string& request_id,
                           bool include_trace);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_RESPONSE_CONVERSION_H_
