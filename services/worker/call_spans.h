#ifndef STAGEBEAM_SERVICES_WORKER_CALL_SPANS_H_
#define STAGEBEAM_SERVICES_WORKER_CALL_SPANS_H_

#include <string>

#include "absl/time/time.h"
#include "libs/engine/engine.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::worker {

// Records what an engine call that ended well at `end` was made of, as spans of
// `traceparent`'s trace, one after the other: "queue", "prefill" and, where
// tokens were sampled, "decode". They take exactly the times of `usage`.
void RecordCall(const tracing::Tracer& tracer, const std::string& traceparent,
                const engine::CallUsage& usage, absl::Time end);

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_CALL_SPANS_H_
