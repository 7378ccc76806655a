#include "cli/program.h"

#include <memory>

#include "absl/status/status.h"
#include "cli/ask.h"
#include "cli/ask_config.h"
#include "cli/health.h"
#include "cli/json_printer.h"
#include "cli/plain_printer.h"
#include "cli/terminal_printer.h"
#include "cli/text.h"

namespace stagebeam::cli {
namespace {

constexpr size_t kForcedWidth = 100;

int UsageError(const absl::Status& status, const Console& console) {
  console.err << "error: " << OneLine(std::string(status.message()))
              << "; see stagebeam help\n";
  return kUsage;
}

int CallError(const absl::Status& status, const Console& console) {
  console.err << "error: " << absl::StatusCodeToString(status.code()) << ": "
              << OneLine(std::string(status.message())) << '\n';
  return kCallFailed;
}

std::unique_ptr<EventPrinter> MakePrinter(const AskConfig& config,
                                          const Console& console) {
  if (config.json) return std::make_unique<JsonPrinter>(console.out);
  size_t width = config.color == Color::kNever ? 0 : console.terminal_width;
  if (width == 0 && config.color == Color::kAlways) width = kForcedWidth;
  if (width > 0) return std::make_unique<TerminalPrinter>(console.out, width);
  return std::make_unique<PlainPrinter>(console.out);
}

int RunAsk(const std::vector<std::string>& arguments, const Console& console) {
  const absl::StatusOr<AskConfig> config = ReadAskConfig(arguments);
  if (!config.ok()) return UsageError(config.status(), console);
  const std::unique_ptr<EventPrinter> printer = MakePrinter(*config, console);
  const absl::Status asked = Ask(*config, console.in, *printer);
  return asked.ok() ? kSuccess : CallError(asked, console);
}

int RunHealth(const std::vector<std::string>& arguments,
              const Console& console) {
  const absl::StatusOr<HealthConfig> config = ReadHealthConfig(arguments);
  if (!config.ok()) return UsageError(config.status(), console);
  const absl::Status health = CheckHealth(*config);
  if (!health.ok()) return CallError(health, console);
  console.out << "SERVING\n";
  return kSuccess;
}

int RunHelp(const Console& console) {
  console.out << "stagebeam ask --image FILE \"QUESTION\" [flags]\n"
              << "  asks the orchestrator about a picture, shows the search as "
                 "it goes, and\n"
              << "  prints the answer last\n"
              << AskUsage()
              << "\nexit codes: 0 answered, 1 the call failed, 2 wrong usage\n";
  return kSuccess;
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, Console console) {
  const std::string command = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> rest(
      arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (command == "help" || command == "--help" || command == "-h")
    return RunHelp(console);
  if (command == "ask") return RunAsk(rest, console);
  if (command == "health") return RunHealth(rest, console);
  return UsageError(absl::InvalidArgumentError(
                        command.empty() ? "no subcommand"
                                        : "no subcommand '" + command + "'"),
                    console);
}

}  // namespace stagebeam::cli
