#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "cli/program.h"

namespace {

// Characters in a line of the terminal that standard output is; 0 where it is
// none, or the user wants no color.
size_t TerminalWidth() {
  const char* no_color = std::getenv("NO_COLOR");
  if (isatty(STDOUT_FILENO) == 0 || (no_color != nullptr && *no_color != '\0'))
    return 0;
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;
  return size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  return stagebeam::cli::RunProgram(
      {argv + 1, argv + argc},
      {std::cin, std::cout, std::cerr, TerminalWidth()});
}
