#include "services/worker/call_spans.h"

#include <utility>

#include "libs/tracing/span.h"

namespace stagebeam::worker {

void RecordCall(const tracing::Tracer& tracer, const std::string& traceparent,
                const engine::CallUsage& usage, absl::Time end) {
  const absl::Time decode_start = end - usage.decode_time;
  const absl::Time prefill_start = decode_start - usage.prefill_time;
  tracer.Start("queue", traceparent, prefill_start - usage.queue_time)
      .End(prefill_start);

  tracing::Span prefill = tracer.Start("prefill", traceparent, prefill_start);
  prefill.Set("stagebeam.prompt_tokens", usage.prompt_token_count);
  prefill.Set("stagebeam.reused_tokens", usage.reused_token_count);
  prefill.End(decode_start);

  // A call that only scores is over with its prompts.
  if (usage.generated_token_count == 0) return;
  tracing::Span decode = tracer.Start("decode", traceparent, decode_start);
  decode.Set("stagebeam.generated_tokens", usage.generated_token_count);
  decode.End(end);
}

}  // namespace stagebeam::worker
