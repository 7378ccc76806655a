#ifndef STAGEBEAM_TESTS_SERVING_CHILD_PROCESS_H_
#define STAGEBEAM_TESTS_SERVING_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace stagebeam::serving {

// A program that runs beside the test, with its output in pipes. Used by one
// thread. The destructor kills it.
class ChildProcess {
 public:
  // Starts `program`, a path, with `arguments`. Fails the test where it can't.
  ChildProcess(const std::string& program,
               const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  // The next line of its standard output, without the newline; empty at the
  // end. Blocks.
  std::string ReadLine();
  // Everything it still writes to standard output and standard error, up to
  // its end. Fills the two and returns the exit code, or -signal.
  int Finish(std::string& output, std::string& errors);

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int errors_ = -1;
};

// Path of a program of the build, by STAGEBEAM_BIN or beside the test.
std::string BuiltProgram(const std::string& name);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_TESTS_SERVING_CHILD_PROCESS_H_
