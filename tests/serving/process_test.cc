// What a process of ours does with its command line and with signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include "tests/serving/child_process.h"

namespace stagebeam::serving {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::string> kLocal = {"--listen=127.0.0.1:0",
                                         "--metrics_listen=127.0.0.1:0"};

struct Ended {
  int code = 0;
  std::string output;
  std::string errors;
};

Ended RunToTheEnd(std::vector<std::string> arguments) {
  // In front, so that the test's own flags win.
  arguments.insert(arguments.begin(), kLocal.begin(), kLocal.end());
  ChildProcess child(BuiltProgram("serving_probe"), arguments);
  Ended ended;
  ended.code = child.Finish(ended.output, ended.errors);
  return ended;
}

// Starts the program with `arguments`, stops it, and gives its first line.
std::string FirstLineWith(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), kLocal.begin(), kLocal.end());
  ChildProcess child(BuiltProgram("serving_probe"), arguments);
  std::string line = child.ReadLine();
  kill(child.pid(), SIGTERM);
  Ended ended;
  EXPECT_EQ(child.Finish(ended.output, ended.errors), 0) << ended.errors;
  return line;
}

class FlagFile {
 public:
  explicit FlagFile(const std::string& content)
      : path_(testing::TempDir() + "flags." + std::to_string(getpid())) {
    std::ofstream(path_) << content;
  }
  ~FlagFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// The arguments, and what the one line on stderr must say.
struct BadFlag {
  std::vector<std::string> arguments;
  std::string says;
};

TEST(Process, EveryBadFlagIsOneClearLineAndExitCode2) {
  const std::vector<BadFlag> cases = {
      {{"--no_such_flag=1"}, "no_such_flag"},
      {{"--listn=127.0.0.1:0"}, "listn"},
      {{"--count=abc"}, "--count: cannot read 'abc'"},
      {{"--count"}, "--count needs a value"},
      {{"--count="}, "--count"},
      {{"--nocount"}, "nocount"},
      {{"--drain_timeout=5"}, "--drain_timeout: cannot read '5'"},
      {{"--drain_timeout=-1s"}, "drain_timeout: must be within [0s, 1h]"},
      {{"--max_message_bytes=0"}, "max_message_bytes: must be within"},
      {{"--max_message_bytes=99999999999"}, "max_message_bytes: must be"},
      {{"--max_concurrent_calls=0"}, "max_concurrent_calls: must be within"},
      {{"--otlp_endpoint=http://collector:4317"},
       "otlp_endpoint: must be host:port, with a port within [1, 65535] and no "
       "scheme"},
      {{"--otlp_endpoint=collector"}, "otlp_endpoint: must be host:port"},
      {{"--otlp_endpoint=collector:65536"}, "otlp_endpoint: must be host:port"},
      {{"--trace_sample_ratio=1.5"},
       "trace_sample_ratio: must be within [0, 1]"},
      {{"--trace_sample_ratio=nan"},
       "trace_sample_ratio: must be within [0, 1]"},
      {{"--log_level=loud"}, "log_level: must be debug, info"},
      {{"--listen=nonsense"}, "listen: 'nonsense' is not host:port"},
      {{"--listen=127.0.0.1:99999"}, "listen: '127.0.0.1:99999'"},
      {{"--listen="}, "listen: must be host:port or unix:/path"},
      {{"--listen=127.0.0.1:0", "--metrics_listen=1.2.3.4:1"},
       "metrics_listen: cannot listen on 1.2.3.4:1: Cannot assign"},
      {{"--tls_cert=/x.pem"}, "tls_key: tls_cert and tls_key come together"},
      {{"--tls_key=/x.pem"}, "tls_cert: tls_cert and tls_key come together"},
      {{"--tls_client_ca=/x.pem"}, "tls_client_ca: needs tls_cert"},
      {{"--tls_cert=/no.pem", "--tls_key=/no.pem", "--metrics_listen="},
       "tls_cert: cannot read /no.pem"},
      {{"--auth_tokens_file=/no/tokens"}, "auth_tokens_file: cannot read"},
      {{"--flagfile=/no/flags"}, "--flagfile: cannot read /no/flags"},
      {{"--flagfile"}, "--flagfile needs a value"},
      {{"file.png"}, "unexpected argument 'file.png'"},
      {{"-"}, "unexpected argument '-'"},
      {{"--"}, "unknown flag --"},
      {{""}, "unexpected argument ''"},
      {{"--fromenv=HOME"}, "unknown flag --fromenv"},
  };
  for (const BadFlag& bad : cases) {
    const Ended ended = RunToTheEnd(bad.arguments);
    const std::string shown = testing::PrintToString(bad.arguments);
    EXPECT_EQ(ended.code, 2) << shown << ended.errors;
    EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1)
        << shown << ended.errors;
    EXPECT_THAT(ended.errors, HasSubstr(bad.says)) << shown;
    EXPECT_EQ(ended.output, "") << shown;
  }
}

TEST(Process, FlagsAreReadInEveryForm) {
  EXPECT_THAT(FirstLineWith({}), StartsWith("count 3 "));
  EXPECT_THAT(FirstLineWith({"--count=4"}), StartsWith("count 4 "));
  EXPECT_THAT(FirstLineWith({"--count", "5"}), StartsWith("count 5 "));
  EXPECT_THAT(FirstLineWith({"-count=6"}), StartsWith("count 6 "));
  EXPECT_THAT(FirstLineWith({"--count=-7"}), StartsWith("count -7 "));
}

TEST(Process, AFlagfileCountsLikeFlags) {
  const FlagFile file("# ours\n\n  --count=8  \n--log_level=error\n");
  EXPECT_THAT(FirstLineWith({"--flagfile=" + file.path()}),
              StartsWith("count 8 "));
  EXPECT_THAT(FirstLineWith({"--flagfile", file.path(), "--count=9"}),
              StartsWith("count 9 "));
}

TEST(Process, AnErrorInAFlagfileNamesTheFile) {
  const FlagFile file("--count=many\n");
  const Ended ended = RunToTheEnd({"--flagfile=" + file.path()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, HasSubstr(file.path() + ": --count"));
}

TEST(Process, AFlagfileThatIncludesItselfIsAnError) {
  const std::string path =
      testing::TempDir() + "flags." + std::to_string(getpid());
  const FlagFile file("--flagfile=" + path + "\n");
  const Ended ended = RunToTheEnd({"--flagfile=" + path});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("nested too deeply"));
}

TEST(Process, HelpListsEveryFlagAndEndsWell) {
  const Ended ended = RunToTheEnd({"--help"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.errors, "");
  for (const char* text :
       {"Serves health and nothing else.", "--count=3",
        "--listen=0.0.0.0:50051", "--metrics_listen=", "--drain_timeout=30s",
        "--max_message_bytes=", "--max_concurrent_calls=", "--tls_cert=",
        "--auth_tokens_file=", "--log_level=info"}) {
    EXPECT_THAT(ended.output, HasSubstr(text));
  }
}

TEST(Process, ATakenPortIsOneClearLine) {
  std::vector<std::string> arguments = kLocal;
  ChildProcess first(BuiltProgram("serving_probe"), arguments);
  const std::string line = first.ReadLine();
  const std::string port = line.substr(line.rfind(' ') + 1);
  const Ended second =
      RunToTheEnd({"--listen=127.0.0.1:" + port, "--metrics_listen="});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.errors, HasSubstr("listen: cannot listen on 127.0.0.1:" +
                                       port + ": Address already in use"));
}

TEST(Process, SigtermAndSigintEndItWithCode0) {
  for (int signal : {SIGTERM, SIGINT}) {
    ChildProcess child(BuiltProgram("serving_probe"), kLocal);
    child.ReadLine();
    kill(child.pid(), signal);
    Ended ended;
    EXPECT_EQ(child.Finish(ended.output, ended.errors), 0);
    EXPECT_THAT(ended.errors, HasSubstr("\"message\":\"draining\""));
    EXPECT_THAT(ended.errors, HasSubstr("\"message\":\"stopped\""));
  }
}

}  // namespace
}  // namespace stagebeam::serving
