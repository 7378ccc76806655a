#ifndef STAGEBEAM_BENCHMARKS_PROGRAM_H_
#define STAGEBEAM_BENCHMARKS_PROGRAM_H_

#include <string_view>

#include "absl/status/status.h"

namespace stagebeam::benchmarks {

// main() of a benchmark: reads the command line into absl flags, calls `run`,
// and prints its error as one line on standard error. `usage` is one sentence
// for --help. Returns the exit code: 0; 2 for INVALID_ARGUMENT, a mistake in
// the flags or the checkpoint; 1 for any other error.
int RunProgram(int argc, const char* const* argv, std::string_view usage,
               absl::Status (*run)());

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_PROGRAM_H_
