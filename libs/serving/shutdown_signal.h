#ifndef STAGEBEAM_LIBS_SERVING_SHUTDOWN_SIGNAL_H_
#define STAGEBEAM_LIBS_SERVING_SHUTDOWN_SIGNAL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/serving/file_descriptor.h"

namespace stagebeam::serving {

// Waits for SIGTERM, SIGINT or Request(). Works whatever threads run already:
// the signal's handler only writes to an eventfd.
//
// Every living one hears every signal; 64 fit into a process. Thread-safe.
class ShutdownSignal {
 public:
  // Takes over both signals. RESOURCE_EXHAUSTED: no room, or no descriptor.
  static absl::StatusOr<std::unique_ptr<ShutdownSignal>> Install();
  // The last one gives the signals back.
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  // Acts as one signal.
  void Request();
  // Blocks until a signal came or `deadline` is over; says whether one came. A
  // signal ends one wait.
  bool Wait(absl::Time deadline = absl::InfiniteFuture());

 private:
  explicit ShutdownSignal(FileDescriptor event);

  const FileDescriptor event_;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_SHUTDOWN_SIGNAL_H_
