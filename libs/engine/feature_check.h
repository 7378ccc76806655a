#ifndef STAGEBEAM_LIBS_ENGINE_FEATURE_CHECK_H_
#define STAGEBEAM_LIBS_ENGINE_FEATURE_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "libs/engine/engine.h"

namespace stagebeam::engine {

// What the vision half of a checkpoint gives for every picture.
struct FeatureShape {
  int max_tiles = 0;
  int rows_per_tile = 0;
  int hidden_size = 0;
  std::string vision_digest;
};

// FAILED_PRECONDITION "features: ..." names what does not fit the model.
absl::Status CheckFeatures(const Features& features, const FeatureShape& shape);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_FEATURE_CHECK_H_
