// A service without a model, for tests that need a process: flags, signals and
// exit codes.
#include <cstdio>

#include "absl/flags/flag.h"
#include "libs/serving/config.h"
#include "libs/serving/server.h"

ABSL_FLAG(int, count, 3, "A number of the program's own");

namespace serving = stagebeam::serving;

int main(int argc, char** argv) {
  serving::ParseCommandLine(argc, argv, "Serves health and nothing else.");
  const auto options = serving::ServerOptionsFromFlags();
  if (!options.ok()) return serving::ConfigError("probe", options.status());
  const serving::Logger logger(options->log_level);
  serving::Metrics metrics("probe");
  const auto calls = serving::MakeCallRunner(*options, metrics, logger);
  if (!calls.ok()) return serving::ConfigError("probe", calls.status());
  const auto server =
      serving::Server::Start(*options, {}, **calls, metrics, logger);
  if (!server.ok()) return serving::ConfigError("probe", server.status());
  (*server)->SetServing();
  std::printf("count %d port %d\n", absl::GetFlag(FLAGS_count),
              (*server)->port());
  std::fflush(stdout);
  return (*server)->Run();
}
