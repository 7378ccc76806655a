#include "libs/otlp/process_tracing.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace stagebeam::otlp {
namespace {

std::string HostName() {
  std::array<char, 256> name = {};
  // The last byte stays zero.
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::vector<tracing::Attribute> Describe(std::string_view service) {
  const std::string host = HostName();
  const auto pid = static_cast<int64_t>(getpid());
  return {{"service.namespace", "stagebeam"},
          {"service.name", "stagebeam-" + std::string(service)},
          {"service.version", STAGEBEAM_VERSION},
          {"service.instance.id", absl::StrCat(host, ":", pid)},
          {"host.name", host},
          {"process.pid", pid}};
}

}  // namespace

ProcessTracing::ProcessTracing(const serving::ServerOptions& options,
                               std::string_view service,
                               serving::Metrics& metrics,
                               const serving::Logger& logger) {
  if (options.otlp_endpoint.empty()) return;
  ExporterOptions exporter;
  exporter.endpoint = options.otlp_endpoint;
  exporter.resource = Describe(service);
  exporter_ = std::make_unique<Exporter>(std::move(exporter), metrics, logger);
  tracer_ = tracing::Tracer(*exporter_, options.trace_sample_ratio);
}

}  // namespace stagebeam::otlp
