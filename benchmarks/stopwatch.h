#ifndef STAGEBEAM_BENCHMARKS_STOPWATCH_H_
#define STAGEBEAM_BENCHMARKS_STOPWATCH_H_

#include <chrono>

namespace stagebeam::benchmarks {

// Runs from its construction on. Thread-compatible.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_STOPWATCH_H_
