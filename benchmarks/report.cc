#include "benchmarks/report.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

namespace stagebeam::benchmarks {
namespace {

constexpr double kGiga = 1e9;

double LoadOfLastMinute() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

void Print(const Line& line) { std::cout << line.dump() << std::endl; }

double Rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale =
      std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

Line LimitsLine(const LimitsMeter& meter) {
  const MachineLimits& best = meter.best();
  return {{"what", "limits"},
          {"threads", meter.options().threads},
          {"read_small_pages_gb_s", Rounded(best.small_page_bytes / kGiga)},
          {"read_huge_pages_gb_s", Rounded(best.huge_page_bytes / kGiga)},
          {"huge_page_share", Rounded(best.huge_page_share)},
          {"gemm_float32_gflop_s", Rounded(best.float32_operations / kGiga)},
          {"gemm_bfloat16_gflop_s", Rounded(best.bfloat16_operations / kGiga)},
          {"load_1m", Rounded(LoadOfLastMinute())}};
}

}  // namespace stagebeam::benchmarks
