#ifndef STAGEBEAM_CLI_FLAG_SET_H_
#define STAGEBEAM_CLI_FLAG_SET_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/marshalling.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace stagebeam::cli {

// What a value must look like, for error lines: "an integer".
inline const char* KindOfValue(const int*) { return "an integer"; }
inline const char* KindOfValue(const int64_t*) { return "an integer"; }
inline const char* KindOfValue(const double*) { return "a number"; }
inline const char* KindOfValue(const std::string*) { return "text"; }
inline const char* KindOfValue(const absl::Duration*) {
  return "a time such as 90s or 2m";
}

// The flags of one subcommand, written `--name value` or `--name=value`, in any
// order with the other arguments; `--` ends them.
//
// Not absl's global flags, so that each subcommand has its own and a mistake is
// a status, not an exit. Not thread-safe. Targets must outlive Parse.
class FlagSet {
 public:
  // `placeholder` stands for the value in the usage text.
  template <typename T>
  void Add(std::string name, std::string placeholder, std::string help,
           T* target) {
    flags_.push_back(
        {std::move(name), std::move(placeholder), std::move(help), true,
         [target](std::string_view text) { return Set(text, target); }});
  }
  // A value that may be absent.
  template <typename T>
  void Add(std::string name, std::string placeholder, std::string help,
           std::optional<T>* target) {
    flags_.push_back({std::move(name), std::move(placeholder), std::move(help),
                      true, [target](std::string_view text) {
                        T value;
                        absl::Status status = Set(text, &value);
                        if (status.ok()) *target = std::move(value);
                        return status;
                      }});
  }
  // A switch: present or not, no value.
  void AddSwitch(std::string name, std::string help, bool* target);

  // Sets the targets and returns the arguments that are no flags.
  // INVALID_ARGUMENT names the flag.
  absl::StatusOr<std::vector<std::string>> Parse(
      const std::vector<std::string>& arguments) const;

  // One line for each flag, in the order added.
  std::string Usage() const;

 private:
  struct Flag {
    std::string name;
    std::string placeholder;
    std::string help;
    bool takes_value;
    std::function<absl::Status(std::string_view)> set;
  };

  template <typename T>
  static absl::Status Set(std::string_view text, T* target) {
    std::string ignored;
    if (absl::ParseFlag(absl::string_view(text.data(), text.size()), target,
                        &ignored)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("'", absl::string_view(text.data(), text.size()),
                     "' is not ", KindOfValue(target)));
  }
  const Flag* Find(std::string_view name) const;

  std::vector<Flag> flags_;
};

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_FLAG_SET_H_
