#ifndef STAGEBEAM_LIBS_OTLP_PROCESS_TRACING_H_
#define STAGEBEAM_LIBS_OTLP_PROCESS_TRACING_H_

#include <memory>
#include <string_view>

#include "libs/otlp/exporter.h"
#include "libs/serving/config.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::otlp {

// The tracer of a process, as its flags have it. Thread-safe.
class ProcessTracing {
 public:
  // `service`: "generator"; spans say "stagebeam-generator", with the host's
  // name and the process's id. Both references must outlive it.
  ProcessTracing(const serving::ServerOptions& options,
                 std::string_view service, serving::Metrics& metrics,
                 const serving::Logger& logger);

  // Off where there is no collector. Its spans must end before this object.
  const tracing::Tracer& tracer() const { return tracer_; }

 private:
  // Null where there is no collector.
  std::unique_ptr<Exporter> exporter_;
  tracing::Tracer tracer_;
};

}  // namespace stagebeam::otlp

#endif  // STAGEBEAM_LIBS_OTLP_PROCESS_TRACING_H_
