#include "libs/serving/grpc_process.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include "absl/strings/str_cat.h"
#include "libs/serving/logger.h"

namespace stagebeam::serving {
namespace {

void WriteLine(gpr_log_func_args* line) {
  const Logger logger(LogLevel::kDebug);
  logger.Warning("grpc", {{"text", line->message},
                          {"at", absl::StrCat(line->file, ":", line->line)}});
}

}  // namespace

void WriteGrpcLogAsJson() { gpr_set_log_function(WriteLine); }

void KeepGrpcRunning() {
  // A reference that nobody gives back; one is enough.
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kept);
}

}  // namespace stagebeam::serving
