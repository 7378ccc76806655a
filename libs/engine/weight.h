#ifndef STAGEBEAM_LIBS_ENGINE_WEIGHT_H_
#define STAGEBEAM_LIBS_ENGINE_WEIGHT_H_

#include <memory>

namespace at {
class Tensor;
}

namespace stagebeam::engine {

// A loaded tensor that does not change. A pointer, because headers only declare
// at::Tensor.
using Weight = std::shared_ptr<const at::Tensor>;

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_WEIGHT_H_
