// A bad command line costs one clear line and exit code 2, before serving.
#include <gmock/gmock.h>

#include <string>

#include "tests/worker/program_run.h"

namespace stagebeam::judge {
namespace {

using ::testing::HasSubstr;

TEST(JudgeProgram, BadFlagsAreNamedInOneLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"--method=coin", "method"},
      {"--max_verdict_tokens=0",
       "--max_verdict_tokens: must be in [1, 1048576], got 0"},
      {"--max_verdict_tokens=1048577", "--max_verdict_tokens: must be in"},
      {"--min_verdict_tokens=-1", "--min_verdict_tokens: must be in [0, 128]"},
      {"--min_verdict_tokens=129", "--min_verdict_tokens: must be in [0, 128]"},
      {"--min_verdict_tokens=9 --max_verdict_tokens=8",
       "--min_verdict_tokens: must be in [0, 8], got 9"},
      {"--min_verdict_tokens=9 --max_new_tokens=8",
       "--min_verdict_tokens: must be in [0, 8], got 9"},
      {"--prompts=models/reference/config.json", "config.json: "},
      {"--prompts=models/reference/model.safetensors", "not a JSON object"},
      {"--checkpoint=no/such/directory", "checkpoint"},
      {"--metrics_listen=nowhere", "metrics_listen"},
  };
  for (const auto& [flag, name] : cases) {
    const worker::ProgramRun run = worker::RunProgram(
        "stagebeam-judge",
        std::string(
            "--checkpoint=models/reference --threads=1 --listen=127.0.0.1:0 ") +
            flag);
    EXPECT_EQ(run.exit_code, 2) << flag << ": " << run.output;
    EXPECT_THAT(run.output, HasSubstr(name));
  }
}

}  // namespace
}  // namespace stagebeam::judge
