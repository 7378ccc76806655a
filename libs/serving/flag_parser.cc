#include "libs/serving/flag_parser.h"

#include <fstream>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace stagebeam::serving {
namespace {

// Flagfiles may name flagfiles; a cycle ends here.
constexpr int kMaxFlagfileDepth = 8;

absl::string_view Abseil(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// absl's own flags (--flagfile, --fromenv, --helpfull, ...) are not offered.
bool IsOurs(const absl::CommandLineFlag& flag) {
  return !absl::StrContains(flag.Filename(), "absl/flags/");
}

absl::CommandLineFlag* FindFlag(std::string_view name) {
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(Abseil(name));
  return flag != nullptr && IsOurs(*flag) ? flag : nullptr;
}

// One command line, or the lines of one flagfile.
class FlagReader {
 public:
  FlagReader(std::vector<std::string> arguments, int depth)
      : arguments_(std::move(arguments)), depth_(depth) {}

  absl::StatusOr<bool> Read() {
    for (next_ = 0; next_ < arguments_.size();) {
      const std::string argument = arguments_[next_++];
      if (absl::Status read = ReadOne(argument); !read.ok()) return read;
    }
    return help_wanted_;
  }

 private:
  absl::Status ReadOne(std::string_view argument) {
    if (argument.size() < 2 || argument[0] != '-') {
      return absl::InvalidArgumentError(absl::StrCat(
          "unexpected argument '", Abseil(argument), "': only flags are read"));
    }
    argument.remove_prefix(argument[1] == '-' ? 2 : 1);
    const size_t equals = argument.find('=');
    const std::string name(argument.substr(0, equals));
    std::optional<std::string> value;
    if (equals != std::string_view::npos) value = argument.substr(equals + 1);
    if (name == "help") {
      help_wanted_ = true;
      return absl::OkStatus();
    }
    return name == "flagfile" ? ReadFile(value) : SetFlag(name, value);
  }

  absl::Status SetFlag(const std::string& name,
                       std::optional<std::string> value) {
    absl::CommandLineFlag* flag = FindFlag(name);
    if (flag == nullptr) return SetOpposite(name, value);
    if (!value.has_value() && flag->IsOfType<bool>()) value = "true";
    if (!value.has_value()) value = TakeNext();
    if (!value.has_value()) return MissingValue(name);
    return Parse(*flag, *value);
  }

  // --noflag.
  absl::Status SetOpposite(std::string_view name,
                           const std::optional<std::string>& value) {
    absl::CommandLineFlag* flag =
        name.substr(0, 2) == "no" ? FindFlag(name.substr(2)) : nullptr;
    if (flag == nullptr || !flag->IsOfType<bool>() || value.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag --", Abseil(name)));
    }
    return Parse(*flag, "false");
  }

  static absl::Status Parse(absl::CommandLineFlag& flag,
                            const std::string& value) {
    std::string error;
    if (flag.ParseFrom(value, &error)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "--", flag.Name(), ": cannot read '", value, "' (", flag.Help(), ")"));
  }

  absl::Status ReadFile(std::optional<std::string> path) {
    if (!path.has_value()) path = TakeNext();
    if (!path.has_value()) return MissingValue("flagfile");
    if (depth_ == kMaxFlagfileDepth) {
      return absl::InvalidArgumentError(
          absl::StrCat("--flagfile: ", *path, " is nested too deeply"));
    }
    std::ifstream file(*path);
    if (!file) {
      return absl::InvalidArgumentError(
          absl::StrCat("--flagfile: cannot read ", *path));
    }
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      absl::StripAsciiWhitespace(&line);
      if (!line.empty() && line[0] != '#') lines.push_back(line);
    }
    absl::StatusOr<bool> read = FlagReader(std::move(lines), depth_ + 1).Read();
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(*path, ": ", read.status().message()));
    }
    help_wanted_ = help_wanted_ || *read;
    return absl::OkStatus();
  }

  std::optional<std::string> TakeNext() {
    if (next_ == arguments_.size()) return std::nullopt;
    return arguments_[next_++];
  }

  static absl::Status MissingValue(const std::string& name) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, " needs a value"));
  }

  const std::vector<std::string> arguments_;
  const int depth_;
  size_t next_ = 0;
  bool help_wanted_ = false;
};

}  // namespace

absl::StatusOr<bool> ParseFlags(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
  return FlagReader(std::move(arguments), 0).Read();
}

std::string DescribeFlags(std::string_view program, std::string_view usage) {
  std::string text = absl::StrCat(
      Abseil(program.substr(program.rfind('/') + 1)), ": ", Abseil(usage),
      "\n\nFlags (--flagfile=PATH reads them from a file):\n");
  std::map<std::string, const absl::CommandLineFlag*> sorted;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(*flag)) sorted[std::string(name)] = flag;
  }
  for (const auto& [name, flag] : sorted) {
    absl::StrAppend(&text, "  --", name, "=", flag->DefaultValue(), "\n      ",
                    flag->Help(), "\n");
  }
  return text;
}

}  // namespace stagebeam::serving
