#include "libs/engine/torch_threads.h"

#include <ATen/Parallel.h>

namespace stagebeam::engine {

void SetTorchThreads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

}  // namespace stagebeam::engine
