#include "libs/serving/grpc_log.h"

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

}  // namespace stagebeam::serving
