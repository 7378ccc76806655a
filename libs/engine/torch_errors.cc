#include "libs/engine/torch_errors.h"

#include <c10/util/Exception.h>

#include <exception>
#include <string>

#include "absl/strings/str_cat.h"

namespace stagebeam::engine {
namespace {

// libtorch appends stack traces and hints in further lines.
std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

absl::Status StatusOfCurrentException() {
  try {
    throw;
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("engine: ", FirstLine(error.what_without_backtrace())));
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("engine: ", FirstLine(error.what())));
  } catch (...) {
    return absl::InternalError("engine: unknown failure");
  }
}

}  // namespace stagebeam::engine
