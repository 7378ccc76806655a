#ifndef STAGEBEAM_LIBS_SERVING_METRICS_H_
#define STAGEBEAM_LIBS_SERVING_METRICS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace stagebeam::serving {

// A total that only rises. A handle: copies share the value, which lives as
// long as its Metrics. Thread-safe.
class Counter {
 public:
  // `amount` >= 0; a negative one is ignored.
  void Increment(double amount = 1) const;
  double Value() const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  prometheus::Counter* counter_;
};

// A level that rises and falls. A handle, as Counter. Thread-safe.
class Gauge {
 public:
  void Set(double value) const;
  void Add(double amount) const;
  double Value() const;

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  prometheus::Gauge* gauge_;
};

// How often values fell into which bucket. A handle, as Counter. Thread-safe;
// each observation takes a lock: observe per step, not per token.
class Histogram {
 public:
  void Observe(double value) const;

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram& histogram)
      : histogram_(&histogram) {}
  prometheus::Histogram* histogram_;
};

// Upper bounds of histogram buckets, rising; +Inf is added.
using Buckets = std::vector<double>;
// 1 ms to 2 minutes, for calls and stages.
Buckets CallSeconds();
// 0.1 ms to 5 s, for decode steps and cache look-ups.
Buckets StepSeconds();
// Powers of two from 1 to `largest`, for counts.
Buckets PowersOfTwo(double largest);

// What a process measures: everything on its metrics page.
//
// Names read stagebeam_<area>_<what>_<unit>; counters end in _total. Asking
// again for the same name and labels gives the same metric; the help text and
// buckets of the first ask hold. One name is one kind of metric.
//
// Thread-safe. Handles must not outlive it.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  // `service` labels the build information: "generator". Starts with
  // stagebeam_build_info{service,version} and
  // stagebeam_process_start_time_seconds.
  explicit Metrics(std::string_view service);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter AddCounter(std::string_view name, std::string_view help,
                     const Labels& labels = {});
  Gauge AddGauge(std::string_view name, std::string_view help,
                 const Labels& labels = {});
  Histogram AddHistogram(std::string_view name, std::string_view help,
                         const Buckets& buckets, const Labels& labels = {});

  // Everything in Prometheus's text format, version 0.0.4.
  std::string Text() const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_METRICS_H_
