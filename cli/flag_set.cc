#include "cli/flag_set.h"

#include <algorithm>
#include <utility>

namespace stagebeam::cli {
namespace {

bool IsFlag(const std::string& argument) {
  return argument.size() > 2 && argument.compare(0, 2, "--") == 0;
}

// "--name=value" as its two halves; no value where there is no '='.
std::pair<std::string, std::optional<std::string>> Split(
    const std::string& argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string::npos) return {argument.substr(2), std::nullopt};
  return {argument.substr(2, equals - 2), argument.substr(equals + 1)};
}

absl::Status FlagError(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("--", name, ": ", what));
}

}  // namespace

void FlagSet::AddSwitch(std::string name, std::string help, bool* target) {
  flags_.push_back(
      {std::move(name), "", std::move(help), false, [target](std::string_view) {
         *target = true;
         return absl::OkStatus();
       }});
}

const FlagSet::Flag* FlagSet::Find(std::string_view name) const {
  const auto found =
      std::find_if(flags_.begin(), flags_.end(),
                   [name](const Flag& flag) { return flag.name == name; });
  return found == flags_.end() ? nullptr : &*found;
}

absl::StatusOr<std::vector<std::string>> FlagSet::Parse(
    const std::vector<std::string>& arguments) const {
  std::vector<std::string> others;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--") {
      others.insert(others.end(), arguments.begin() + i + 1, arguments.end());
      break;
    }
    if (!IsFlag(arguments[i])) {
      others.push_back(arguments[i]);
      continue;
    }
    auto [name, value] = Split(arguments[i]);
    const Flag* flag = Find(name);
    if (flag == nullptr) return FlagError(name, "no such flag");
    if (!flag->takes_value && value.has_value())
      return FlagError(name, "takes no value");
    if (flag->takes_value && !value.has_value()) {
      if (i + 1 == arguments.size()) return FlagError(name, "needs a value");
      value = arguments[++i];
    }
    const absl::Status set = flag->set(value.value_or(""));
    if (!set.ok()) return FlagError(name, std::string(set.message()));
  }
  return others;
}

std::string FlagSet::Usage() const {
  size_t width = 0;
  for (const Flag& flag : flags_) {
    width = std::max(width, flag.name.size() + flag.placeholder.size());
  }
  std::string usage;
  for (const Flag& flag : flags_) {
    const size_t used = flag.name.size() + flag.placeholder.size();
    absl::StrAppend(&usage, "  --", flag.name, " ", flag.placeholder,
                    std::string(width - used + 2, ' '), flag.help, "\n");
  }
  return usage;
}

}  // namespace stagebeam::cli
