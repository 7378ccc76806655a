#include "services/worker/warm_up.h"

namespace stagebeam::worker {

absl::Status WarmUp(engine::Engine& engine) {
  engine::GenerateCall call;
  call.prompts = {{.prompt_token_ids =
                       engine.chat().Prompt("Hello", /*with_image=*/false)}};
  call.stopping.max_new_tokens = 1;
  return engine.Generate(call).status();
}

}  // namespace stagebeam::worker
