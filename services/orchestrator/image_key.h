#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_IMAGE_KEY_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_IMAGE_KEY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/inference/encoder.h"

namespace stagebeam::orchestrator {

// What a caller sends instead of a picture. It says all that a worker must
// know, so that any replica takes it without having seen the picture:
// "<feature key>-<tiles>x<rows>x<hidden>x<stored tiles>".
std::string FormatImageKey(const inference::ImageFeatures& features);

// INVALID_ARGUMENT "image_key: …" where it does not have that form or a number
// is out of its range.
absl::StatusOr<inference::ImageFeatures> ParseImageKey(std::string_view key);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_IMAGE_KEY_H_
