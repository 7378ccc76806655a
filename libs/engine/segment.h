#ifndef STAGEBEAM_LIBS_ENGINE_SEGMENT_H_
#define STAGEBEAM_LIBS_ENGINE_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "libs/engine/key_values.h"

namespace stagebeam::engine {

// Bytes of key-value memory that are taken, of those that there are.
//
// Not thread-safe: the scheduler thread counts. Outlives its leases.
class KeyValueBudget {
 public:
  explicit KeyValueBudget(int64_t total) : total_(total) {}
  KeyValueBudget(const KeyValueBudget&) = delete;
  KeyValueBudget& operator=(const KeyValueBudget&) = delete;

  int64_t total() const { return total_; }
  int64_t used() const { return used_; }
  int64_t free() const { return total_ - used_; }

 private:
  friend class Lease;
  const int64_t total_;
  int64_t used_ = 0;
};

// Bytes taken from a budget; given back at the end of its life.
class Lease {
 public:
  Lease() = default;
  ~Lease() { Release(bytes_); }
  Lease(Lease&& other) noexcept { *this = std::move(other); }
  Lease& operator=(Lease&& other) noexcept {
    Release(bytes_);
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }

  // Nothing where the budget has less than `bytes` left.
  static std::optional<Lease> Take(KeyValueBudget& budget, int64_t bytes) {
    if (bytes > budget.free()) return std::nullopt;
    budget.used_ += bytes;
    return Lease(&budget, bytes);
  }

  int64_t bytes() const { return bytes_; }

  // Hands `bytes` of this lease, or all where it has less, to a lease of its
  // own.
  Lease Split(int64_t bytes) {
    const int64_t part = bytes < bytes_ ? bytes : bytes_;
    bytes_ -= part;
    return Lease(budget_, part);
  }

  // Gives `bytes`, or all where it has less, back to the budget.
  void Release(int64_t bytes) {
    const int64_t part = bytes < bytes_ ? bytes : bytes_;
    if (budget_ != nullptr) budget_->used_ -= part;
    bytes_ -= part;
  }

 private:
  Lease(KeyValueBudget* budget, int64_t bytes)
      : budget_(budget), bytes_(bytes) {}

  KeyValueBudget* budget_ = nullptr;
  int64_t bytes_ = 0;
};

// Keys and values of a run of tokens that no longer change, and their place in
// the budget.
struct Segment {
  std::unique_ptr<const KeyValues> key_values;
  Lease lease;
};

// A holder keeps the segment in memory, whatever the prefix memory forgets.
using SegmentRef = std::shared_ptr<Segment>;

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_SEGMENT_H_
