// A bad command line costs one clear line and exit code 2, before serving.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "tests/worker/program_run.h"

namespace stagebeam::generator {
namespace {

using ::testing::HasSubstr;

TEST(GeneratorProgram, BadFlagsAreNamedInOneLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"--no_such_flag=1", "no_such_flag"},
      {"--threads=many", "threads"},
      {"--threads=-2", "threads"},
      {"--dtype=float16", "dtype"},
      {"--bos_count=0", "bos_count"},
      {"--close_at_limit=perhaps", "close_at_limit"},
      {"--kv_bytes=0", "kv_bytes"},
      {"--max_new_tokens=0", "max_new_tokens"},
      {"--checkpoint=no/such/directory", "checkpoint"},
      {"--checkpoint=docs", "config.json"},
      {"--device=quantum", "device"},
      {"--redis=redis://h:x", "redis"},
      {"--encoder=nowhere", "encoder"},
      {"--feature_budget=0s", "feature_budget"},
      {"--listen=nowhere", "listen"},
      {"positional", "positional"},
  };
  for (const auto& [flag, name] : cases) {
    const worker::ProgramRun run = worker::RunProgram(
        "stagebeam-generator",
        std::string("--checkpoint=models/reference --threads=1 ") + flag);
    EXPECT_EQ(run.exit_code, 2) << flag << ": " << run.output;
    EXPECT_THAT(run.output, HasSubstr(name));
    const auto errors = std::count(run.output.begin(), run.output.end(), '\n');
    EXPECT_GE(errors, 1) << flag << ": " << run.output;
    EXPECT_LE(errors, 2) << "one line, and at most the log's: " << run.output;
  }
}

TEST(GeneratorProgram, HelpListsItsFlags) {
  const worker::ProgramRun run =
      worker::RunProgram("stagebeam-generator", "--help");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.output, HasSubstr("--max_running_branches"));
}

}  // namespace
}  // namespace stagebeam::generator
