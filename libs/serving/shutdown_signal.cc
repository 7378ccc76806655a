#include "libs/serving/shutdown_signal.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace stagebeam::serving {
namespace {

// A signal handler can only reach objects with static storage: the eventfds of
// the living ShutdownSignals, -1 where a slot is free.
constexpr size_t kSlots = 64;
struct Slot {
  std::atomic<int> fd{-1};
};
std::array<Slot, kSlots> slots;

// Guards taking and giving back slots and the two dispositions.
ABSL_CONST_INIT absl::Mutex slots_mutex(absl::kConstInit);
struct sigaction previous_term;
struct sigaction previous_int;

void Count(int fd) {
  const uint64_t one = 1;
  // Only fails where 2^64 - 2 signals are waiting.
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof(one));
}

// Async-signal-safe: atomics and write(2) only.
void HandleSignal(int) {
  const int saved_errno = errno;
  for (const Slot& slot : slots) {
    const int fd = slot.fd.load();
    if (fd >= 0) Count(fd);
  }
  errno = saved_errno;
}

bool AllFree() {
  return std::all_of(slots.begin(), slots.end(),
                     [](const Slot& slot) { return slot.fd.load() < 0; });
}

void TakeSignals() {
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, &previous_term);
  sigaction(SIGINT, &action, &previous_int);
}

void GiveSignalsBack() {
  sigaction(SIGTERM, &previous_term, nullptr);
  sigaction(SIGINT, &previous_int, nullptr);
}

// Puts `fd` where `old` is; false where `old` is nowhere.
bool Replace(int old, int fd) {
  for (Slot& slot : slots) {
    int expected = old;
    if (slot.fd.compare_exchange_strong(expected, fd)) return true;
  }
  return false;
}

// For poll(2): rounded up, so that an early end does not spin.
int PollMilliseconds(absl::Time deadline) {
  if (deadline == absl::InfiniteFuture()) return -1;
  const absl::Duration left =
      std::max(deadline - absl::Now(), absl::ZeroDuration());
  return static_cast<int>(absl::ToInt64Milliseconds(
      std::min(absl::Ceil(left, absl::Milliseconds(1)), absl::Hours(24))));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShutdownSignal>> ShutdownSignal::Install() {
  FileDescriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) {
    return absl::ResourceExhaustedError("no descriptor for the signal's event");
  }
  absl::MutexLock lock(&slots_mutex);
  const bool first = AllFree();
  if (!Replace(-1, event.get())) {
    return absl::ResourceExhaustedError("too many listeners to signals");
  }
  if (first) TakeSignals();
  return std::unique_ptr<ShutdownSignal>(new ShutdownSignal(std::move(event)));
}

ShutdownSignal::ShutdownSignal(FileDescriptor event)
    : event_(std::move(event)) {}

ShutdownSignal::~ShutdownSignal() {
  absl::MutexLock lock(&slots_mutex);
  Replace(event_.get(), -1);
  if (AllFree()) GiveSignalsBack();
}

void ShutdownSignal::Request() { Count(event_.get()); }

bool ShutdownSignal::Wait(absl::Time deadline) {
  while (true) {
    pollfd event = {event_.get(), POLLIN, 0};
    if (poll(&event, 1, PollMilliseconds(deadline)) > 0) {
      uint64_t count = 0;
      // Another waiter may have been faster.
      if (read(event_.get(), &count, sizeof(count)) > 0) return true;
    }
    if (absl::Now() >= deadline) return false;
  }
}

}  // namespace stagebeam::serving
