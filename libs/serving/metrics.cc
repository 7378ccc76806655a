#include "libs/serving/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace stagebeam::serving {

void Counter::Increment(double amount) const {
  if (amount >= 0) counter_->Increment(amount);
}

double Counter::Value() const { return counter_->Value(); }

void Gauge::Set(double value) const { gauge_->Set(value); }

void Gauge::Add(double amount) const {
  // One operation each, so that threads do not undo each other's changes.
  if (amount >= 0) {
    gauge_->Increment(amount);
  } else {
    gauge_->Decrement(-amount);
  }
}

double Gauge::Value() const { return gauge_->Value(); }

void Histogram::Observe(double value) const { histogram_->Observe(value); }

Buckets CallSeconds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
          0.5,   1,      2.5,   5,    10,    30,   60,  120};
}

Buckets StepSeconds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5};
}

Buckets PowersOfTwo(double largest) {
  Buckets buckets;
  for (double bound = 1; bound <= largest; bound *= 2) {
    buckets.push_back(bound);
  }
  return buckets;
}

Metrics::Metrics(std::string_view service)
    : registry_(std::make_unique<prometheus::Registry>(
          prometheus::Registry::InsertBehavior::Merge)) {
  AddGauge("stagebeam_build_info", "1, labelled with what runs here.",
           {{"service", std::string(service)}, {"version", STAGEBEAM_VERSION}})
      .Set(1);
  AddGauge("stagebeam_process_start_time_seconds",
           "Unix time at which the process started.")
      .Set(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()));
}

Metrics::~Metrics() = default;

Counter Metrics::AddCounter(std::string_view name, std::string_view help,
                            const Labels& labels) {
  return Counter(prometheus::BuildCounter()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(*registry_)
                     .Add(labels));
}

Gauge Metrics::AddGauge(std::string_view name, std::string_view help,
                        const Labels& labels) {
  return Gauge(prometheus::BuildGauge()
                   .Name(std::string(name))
                   .Help(std::string(help))
                   .Register(*registry_)
                   .Add(labels));
}

Histogram Metrics::AddHistogram(std::string_view name, std::string_view help,
                                const Buckets& buckets, const Labels& labels) {
  return Histogram(prometheus::BuildHistogram()
                       .Name(std::string(name))
                       .Help(std::string(help))
                       .Register(*registry_)
                       .Add(labels, buckets));
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace stagebeam::serving
