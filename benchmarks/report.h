#ifndef STAGEBEAM_BENCHMARKS_REPORT_H_
#define STAGEBEAM_BENCHMARKS_REPORT_H_

#include <nlohmann/json.hpp>
#include <vector>

#include "benchmarks/machine_limits.h"

namespace stagebeam::benchmarks {

// Keys in the order in which they were set.
using Line = nlohmann::ordered_json;

// One line on standard output, written at once.
void Print(const Line& line);

// `value` to four significant digits, which is more than any figure repeats.
double Rounded(double value);

// `values` must not be empty.
double Median(std::vector<double> values);

// {"what": "limits", ...}: the meter's best, its settings, and how busy the
// machine is (load_1m, which counts this process, too).
Line LimitsLine(const LimitsMeter& meter);

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_REPORT_H_
