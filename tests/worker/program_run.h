#ifndef STAGEBEAM_TESTS_WORKER_PROGRAM_RUN_H_
#define STAGEBEAM_TESTS_WORKER_PROGRAM_RUN_H_

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace stagebeam::worker {

// What a built program said before it ended on its own.
struct ProgramRun {
  int exit_code = -1;
  std::string output;
};

// Runs $STAGEBEAM_BIN/<name> with `flags` and waits for its end.
inline ProgramRun RunProgram(const std::string& name,
                             const std::string& flags) {
  const char* bin = std::getenv("STAGEBEAM_BIN");
  const std::string command =
      std::string(bin == nullptr ? "." : bin) + "/" + name + " " + flags;
  ProgramRun run;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return run;
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    run.output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  return run;
}

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_TESTS_WORKER_PROGRAM_RUN_H_
