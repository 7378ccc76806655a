#include "tests/serving/child_process.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

extern char** environ;

namespace stagebeam::serving {
namespace {

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t count; (count = read(fd, bytes.data(), bytes.size())) > 0;) {
    text.append(bytes.data(), static_cast<size_t>(count));
  }
  return text;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program,
                           const std::vector<std::string>& arguments) {
  int output[2];
  int errors[2];
  EXPECT_EQ(pipe(output), 0);
  EXPECT_EQ(pipe(errors), 0);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
  for (int fd : {output[0], output[1], errors[0], errors[1]}) {
    posix_spawn_file_actions_addclose(&actions, fd);
  }
  EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(),
                        environ),
            0)
      << program;
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  close(errors[1]);
  output_ = output[0];
  errors_ = errors[0];
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(output_);
  close(errors_);
}

std::string ChildProcess::ReadLine() {
  std::string line;
  for (char byte; read(output_, &byte, 1) == 1 && byte != '\n';) line += byte;
  return line;
}

int ChildProcess::Finish(std::string& output, std::string& errors) {
  std::thread reader([&] { errors = ReadAll(errors_); });
  output = ReadAll(output_);
  reader.join();
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string BuiltProgram(const std::string& name) {
  if (const char* folder = std::getenv("STAGEBEAM_BIN")) {
    return std::string(folder) + "/" + name;
  }
  const auto test = std::filesystem::read_symlink("/proc/self/exe");
  return test.parent_path().parent_path() / "bin" / name;
}

}  // namespace stagebeam::serving
