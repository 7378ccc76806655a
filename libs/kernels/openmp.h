#ifndef STAGEBEAM_LIBS_KERNELS_OPENMP_H_
#define STAGEBEAM_LIBS_KERNELS_OPENMP_H_

// The one function of OpenMP that this room calls, declared here because omp.h
// belongs to a compiler, and tools that read our sources bring another or none.
// Threads that a parallel region of this thread would have.
extern "C" int omp_get_max_threads(void) noexcept;

#endif  // STAGEBEAM_LIBS_KERNELS_OPENMP_H_
