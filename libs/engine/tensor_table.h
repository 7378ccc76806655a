#ifndef STAGEBEAM_LIBS_ENGINE_TENSOR_TABLE_H_
#define STAGEBEAM_LIBS_ENGINE_TENSOR_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libs/engine/model_config.h"

namespace stagebeam::engine {

// Shapes of a model's tensors by published name.
using TensorTable = std::map<std::string, std::vector<int64_t>>;

// Every tensor that a checkpoint of this configuration must hold, and no other
// may. A tied head has no tensor.
TensorTable ExpectedTensors(const ModelConfig& config);

// The published name of a tensor: transformers since 4.52 also knows modules as
// "model.vision_model", "model.language_model", "lm_head".
std::string PublishedName(std::string_view stored_name);

// Tensors of the vision tower and the projector.
bool IsVisionTensor(std::string_view published_name);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TENSOR_TABLE_H_
