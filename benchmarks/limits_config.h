#ifndef STAGEBEAM_BENCHMARKS_LIMITS_CONFIG_H_
#define STAGEBEAM_BENCHMARKS_LIMITS_CONFIG_H_

#include "absl/status/statusor.h"
#include "benchmarks/machine_limits.h"

namespace stagebeam::benchmarks {

// The flags of how the machine is measured, checked; --threads=0 has become
// the number of cores. INVALID_ARGUMENT names the flag and its limit.
absl::StatusOr<LimitsMeter::Options> LimitsFromFlags();

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_LIMITS_CONFIG_H_
