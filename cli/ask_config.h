#ifndef STAGEBEAM_CLI_ASK_CONFIG_H_
#define STAGEBEAM_CLI_ASK_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

namespace stagebeam::cli {

// When to use the layout for people at a terminal.
enum class Color { kAuto, kAlways, kNever };

// What `stagebeam ask` was told. Absent values are the server's to choose.
struct AskConfig {
  std::string server;
  // A file, or "-" for standard input. Exactly one of image and image_key.
  std::string image;
  std::string image_key;
  std::string question;
  std::string request_id;
  // Where the response with its trace goes as JSON; empty for nowhere.
  std::string trace_file;
  absl::Duration timeout = absl::Minutes(5);
  bool json = false;
  Color color = Color::kAuto;
  orchestrator::v1::SearchPolicy search;
};

// Reads the arguments after `ask`. INVALID_ARGUMENT names the flag and says
// what it takes. Ranges are the server's to check.
absl::StatusOr<AskConfig> ReadAskConfig(
    const std::vector<std::string>& arguments);

// The flags of `ask`, one a line.
std::string AskUsage();

// Where the orchestrator is unless --server says otherwise: the environment's
// STAGEBEAM_SERVER, or the orchestrator's own default port on this machine.
std::string DefaultServer();

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_ASK_CONFIG_H_
