#ifndef STAGEBEAM_LIBS_SERVING_FLAG_PARSER_H_
#define STAGEBEAM_LIBS_SERVING_FLAG_PARSER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace stagebeam::serving {

// Reads a command line into absl flags: --name=value, --name value, --flag,
// --noflag, --flagfile=PATH (one --name=value a line; blank lines and lines
// that start with # don't count) and --help. absl's own parser ends the process
// with one line for every error and takes positional arguments; this one gives
// the first error back.
//
// INVALID_ARGUMENT, one line: an unknown flag, a value that does not parse, a
// missing value, a positional argument, or a flagfile that cannot be read or
// includes itself. True where --help was given.
absl::StatusOr<bool> ParseFlags(int argc, const char* const* argv);

// The text of --help: `usage`, and every flag of the project with its meaning
// and default.
std::string DescribeFlags(std::string_view program, std::string_view usage);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_FLAG_PARSER_H_
