#include "tests/cluster/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace stagebeam::testing {
namespace {

int OpenNew(const std::string& path) {
  const char* name = path.empty() ? "/dev/null" : path.c_str();
  return open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
}

// What runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeProgram(char* const* argv, int stdout_fd, int stderr_fd,
                                pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  dup2(stdout_fd, STDOUT_FILENO);
  dup2(stderr_fd, STDERR_FILENO);
  execvp(argv[0], argv);
  _exit(127);
}

int ExitCode(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
                                  : WEXITSTATUS(wait_status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(
    const std::vector<std::string>& argv, const Output& output) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int opened = output.stdout_fd ? -1 : OpenNew(output.stdout_path);
  const int stdout_fd = output.stdout_fd.value_or(opened);
  const int stderr_fd = OpenNew(output.stderr_path);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(arguments.data(), stdout_fd, stderr_fd, parent);
  if (opened >= 0) close(opened);
  close(stderr_fd);
  if (pid < 0) return absl::UnavailableError("fork failed");
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  return std::unique_ptr<Process>(new Process(pid, pid_fd));
}

Process::~Process() {
  Signal(SIGKILL);
  Wait(absl::InfiniteFuture()).status().IgnoreError();
  close(pid_fd_);
}

bool Process::IsRunning() { return !Wait(absl::InfinitePast()).ok(); }

void Process::Signal(int signal) {
  if (!exit_code_) kill(pid_, signal);
}

absl::StatusOr<int> Process::Wait(absl::Time deadline) {
  while (!exit_code_) {
    const absl::Duration left =
        std::max(deadline - absl::Now(), absl::ZeroDuration());
    const int64_t milliseconds =
        std::min<int64_t>(absl::ToInt64Milliseconds(left), 60'000);
    pollfd entry = {pid_fd_, POLLIN, 0};
    if (poll(&entry, 1, static_cast<int>(milliseconds)) > 0) {
      int status = 0;
      waitpid(pid_, &status, 0);
      exit_code_ = ExitCode(status);
    } else if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("process ", pid_, " still runs"));
    }
  }
  return *exit_code_;
}

namespace {

bool IsFree(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool free =
      bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return free;
}

}  // namespace

int FreePort() {
  // Linux gives outgoing connections ports from 32768 on: one of those may be
  // taken before its owner listens.
  std::random_device random;
  std::uniform_int_distribution<int> below(16384, 32767);
  for (int tries = 0; tries < 1000; ++tries) {
    const int port = below(random);
    if (IsFree(port)) return port;
  }
  return 0;
}

ScratchDirectory::ScratchDirectory() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "stagebeam.XXXXXX").string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace stagebeam::testing
