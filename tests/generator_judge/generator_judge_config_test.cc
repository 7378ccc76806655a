// The one process takes the flags of both, and says so where one is wrong.
#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/worker/program_run.h"

namespace stagebeam::generator_judge {
namespace {

using ::testing::HasSubstr;

constexpr char kProgram[] = "stagebeam-generator-judge";

TEST(GeneratorJudgeProgram, BadFlagsOfBothAreNamedInOneLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"--no_such_flag=1", "no_such_flag"},
      {"--close_at_limit=perhaps", "close_at_limit"},
      {"--method=coin", "--method"},
      {"--min_verdict_tokens=-1", "--min_verdict_tokens"},
      {"--prompts=models/reference/config.json", "config.json: "},
      {"--checkpoint=no/such/directory", "--checkpoint"},
      {"--kv_bytes=0", "--kv_bytes"},
      {"--redis=redis://h:x", "redis"},
      {"--metrics_listen=nowhere", "metrics_listen"},
  };
  for (const auto& [flag, name] : cases) {
    const worker::ProgramRun run = worker::RunProgram(
        kProgram,
        absl::StrCat("--checkpoint=models/reference --threads=1 "
                     "--listen=127.0.0.1:0 --metrics_listen=127.0.0.1:0 ",
                     flag));
    EXPECT_EQ(run.exit_code, 2) << flag << ": " << run.output;
    EXPECT_THAT(run.output, HasSubstr(name));
  }
}

TEST(GeneratorJudgeProgram, HelpListsTheFlagsOfBoth) {
  const worker::ProgramRun run = worker::RunProgram(kProgram, "--help");
  EXPECT_EQ(run.exit_code, 0);
  for (const char* flag : {"--listen", "--kv_bytes", "--close_at_limit",
                           "--method", "--max_verdict_tokens"}) {
    EXPECT_THAT(run.output, HasSubstr(flag));
  }
}

}  // namespace
}  // namespace stagebeam::generator_judge
