#include "cli/json_printer.h"

#include <string>

#include "absl/strings/str_format.h"
#include "google/protobuf/util/json_util.h"

namespace stagebeam::cli {

std::string ToJson(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = indented;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options)
           .ok())
    return "";
  return json;
}

void JsonPrinter::Print(const orchestrator::v1::StreamReasonResponse& event,
                        absl::Duration elapsed) {
  const std::string json = ToJson(event, /*indented=*/false);
  if (json.size() <= 2) return;  // An event of a later contract.
  out_ << absl::StrFormat("{\"seconds\":%.6f,", absl::ToDoubleSeconds(elapsed))
       << json.substr(1) << std::endl;
}

}  // namespace stagebeam::cli
