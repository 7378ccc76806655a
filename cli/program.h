#ifndef STAGEBEAM_CLI_PROGRAM_H_
#define STAGEBEAM_CLI_PROGRAM_H_

#include <cstddef>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace stagebeam::cli {

// Exit codes of the program.
inline constexpr int kSuccess = 0;
inline constexpr int kCallFailed = 1;
inline constexpr int kUsage = 2;

// Where a run reads and writes.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Characters in a line of the terminal that `out` is; 0 where it is none.
  size_t terminal_width = 0;
};

// Runs one subcommand: arguments are those after the program's name. Returns
// the exit code; an error is one line on `err`.
int RunProgram(const std::vector<std::string>& arguments, Console console);

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_PROGRAM_H_
