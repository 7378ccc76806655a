#include "benchmarks/program.h"

#include <iostream>
#include <string>

#include "libs/serving/flag_parser.h"

namespace stagebeam::benchmarks {
namespace {

int ExitCode(std::string_view program, const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << program.substr(program.rfind('/') + 1) << ": "
            << status.message() << std::endl;
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace

int RunProgram(int argc, const char* const* argv, std::string_view usage,
               absl::Status (*run)()) {
  const absl::StatusOr<bool> help_wanted = serving::ParseFlags(argc, argv);
  if (!help_wanted.ok()) return ExitCode(argv[0], help_wanted.status());
  if (!*help_wanted) return ExitCode(argv[0], run());
  std::cout << serving::DescribeFlags(argv[0], usage);
  return 0;
}

}  // namespace stagebeam::benchmarks
