#ifndef STAGEBEAM_LIBS_ENGINE_LINEAR_FORMS_H_
#define STAGEBEAM_LIBS_ENGINE_LINEAR_FORMS_H_

#include <memory>

#include "libs/engine/linear.h"
#include "libs/engine/options.h"
#include "libs/engine/weight.h"
#include "libs/kernels/huge_pages.h"

// The forms of a linear layer's weight, one file each. `weight` is [out, in],
// `bias` [out] or null. What makes a form returns null where the form is not
// for this machine or weight, and may throw what libtorch throws.
namespace stagebeam::engine {

// The weight as it is: mapped from its file, or on a GPU. Always there.
std::shared_ptr<const LinearForm> MakePlainLinear(Weight weight, Weight bias);

// A copy laid out for this project's own bfloat16 kernels: the fastest
// on processors that run them and have no matrix unit.
std::shared_ptr<const LinearForm> MakeKernelLinear(const Weight& weight,
                                                   Weight bias,
                                                   kernels::HugePages& pages);

// True where oneDNN multiplies numbers of this kind on this processor.
bool OneDnnMultiplies(DType dtype);

// A copy laid out by oneDNN for itself: fp32 anywhere, and bfloat16 where the
// processor is quick with it in another way.
std::shared_ptr<const LinearForm> MakeOneDnnLinear(const Weight& weight,
                                                   Weight bias);

// A copy rounded to 8 bits, with one scale for each output; inputs are rounded
// as they come, each row by itself. Half of the memory traffic for about two
// percent of noise.
std::shared_ptr<const LinearForm> MakeInt8Linear(const Weight& weight,
                                                 const Weight& bias);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_LINEAR_FORMS_H_
