#ifndef STAGEBEAM_LIBS_ENGINE_TORCH_THREADS_H_
#define STAGEBEAM_LIBS_ENGINE_TORCH_THREADS_H_

namespace stagebeam::engine {

// Threads of one libtorch operation called from this thread; 0 leaves one for
// each core.
void SetTorchThreads(int threads);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TORCH_THREADS_H_
