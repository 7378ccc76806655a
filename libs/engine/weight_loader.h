#ifndef STAGEBEAM_LIBS_ENGINE_WEIGHT_LOADER_H_
#define STAGEBEAM_LIBS_ENGINE_WEIGHT_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/engine/checkpoint.h"
#include "libs/engine/linear.h"
#include "libs/engine/norm.h"
#include "libs/engine/weight.h"
#include "libs/kernels/huge_pages.h"

namespace stagebeam::engine {

// Makes tensors of a checkpoint's weights in the placement's number format and
// on its device. Where the file already holds that format on the CPU, the
// mapped memory itself is used; linear layers take the placement's form.
//
// Remembers the first error, so that a caller loads everything and asks once; a
// weight that failed is null. May throw what libtorch throws.
class WeightLoader {
 public:
  // Both must outlive the loader; the weights keep the mapping alive.
  WeightLoader(const Checkpoint& checkpoint, const ModelPlacement& placement);

  Weight Load(const std::string& name, const std::vector<int64_t>& shape);
  // tanh of a stored gate [1].
  Weight LoadGate(const std::string& name);
  // A weight [out, in] that was loaded already, and its bias [out] or null, in
  // the placement's form. Null stays null.
  Linear MakeLinear(const Weight& weight, const Weight& bias);
  // `name`.weight [out, in], without bias.
  Linear LoadLinear(const std::string& name, int64_t out, int64_t in);
  // `name`.weight [out, in] and `name`.bias [out].
  Linear LoadBiasedLinear(const std::string& name, int64_t out, int64_t in);
  // `name`.weight [width].
  RmsNorm LoadRmsNorm(const std::string& name, int64_t width, double epsilon);
  // `name`.weight and `name`.bias [width].
  LayerNorm LoadLayerNorm(const std::string& name, int64_t width,
                          double epsilon);

  const absl::Status& status() const { return status_; }

 private:
  // Lets go of the file's memory once the layer has a copy of its own.
  Linear MakeForgetting(const std::string& name,
                        const std::vector<int64_t>& shape, const Weight& bias);

  const Checkpoint& checkpoint_;
  const ModelPlacement& placement_;
  absl::Status status_;
  kernels::HugePages pages_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_WEIGHT_LOADER_H_
