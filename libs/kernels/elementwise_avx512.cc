#include "libs/kernels/avx512.h"
// In the words of the above.
#include "libs/kernels/elementwise_loops.h"

namespace stagebeam::kernels::avx512 {

const ElementwiseLoops kElementwise = {NormRow, SiluSpan, RotateHead,
                                       ExponentialSpan};

}  // namespace stagebeam::kernels::avx512
