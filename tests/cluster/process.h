#ifndef STAGEBEAM_TESTS_CLUSTER_PROCESS_H_
#define STAGEBEAM_TESTS_CLUSTER_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace stagebeam::testing {

// One child process. It is killed when this object goes, and by the kernel if
// the test dies first. Not thread-safe.
class Process {
 public:
  // Where the child's output goes: files that are made new; nowhere where
  // empty.
  struct Output {
    std::string stdout_path = {};
    std::string stderr_path = {};
    // Set: standard output goes to this descriptor instead.
    std::optional<int> stdout_fd = {};
  };

  // Starts argv[0], a path or a name on PATH.
  static absl::StatusOr<std::unique_ptr<Process>> Start(
      const std::vector<std::string>& argv, const Output& output);
  ~Process();

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // True until the child has ended.
  bool IsRunning();
  // Sends a signal; nothing where the child has ended.
  void Signal(int signal);
  // Blocks until the child ends: its exit code, or 128 + the signal that ended
  // it. DEADLINE_EXCEEDED: it still runs.
  absl::StatusOr<int> Wait(absl::Time deadline);

 private:
  Process(pid_t pid, int pid_fd) : pid_(pid), pid_fd_(pid_fd) {}

  const pid_t pid_;
  // Readable once the child has ended.
  const int pid_fd_;
  std::optional<int> exit_code_;
};

// A port of 127.0.0.1 that nobody listens on now, and that no outgoing
// connection gets; 0 where none was found.
int FreePort();

// A new empty directory that goes with this object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();

  const std::string& path() const { return path_; }
  // Path of a file in it.
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_CLUSTER_PROCESS_H_
