"""What Prometheus sees of a pod: a histogram and gauges, scraped now and then."""

import bisect
import collections

# stagebeam_engine_queue_seconds' (libs/serving/metrics.cc).
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

CALLS_SCRAPES = 4  # avg_over_time over a minute.


def quantile(share, counts):
    """As histogram_quantile: linear inside the bucket; 0 where nothing was counted.

    `counts`: of each bucket alone; the last one is what lies above all bounds.
    """
    total = sum(counts)
    if total == 0:
        return 0.0
    rank, below = share * total, 0
    for i, count in enumerate(counts[:-1]):
        if below + count >= rank:
            start = BUCKETS[i - 1] if i > 0 else 0.0
            return start + (BUCKETS[i] - start) * (rank - below) / count if count else start
        below += count
    return BUCKETS[-1]


class ScrapedPod:
    """The metrics page of one pod, and what scrapes of it said during the window."""

    def __init__(self, replica, window_scrapes):
        self.replica = replica
        self.counts = [0] * (len(BUCKETS) + 1)
        self.scrapes = collections.deque(maxlen=window_scrapes + 1)
        self.calls = collections.deque(maxlen=CALLS_SCRAPES)

    def observe(self, seconds):
        self.counts[bisect.bisect_left(BUCKETS, seconds)] += 1

    def scrape(self):
        self.scrapes.append(tuple(self.counts))
        self.calls.append((self.replica.running, len(self.replica.waiting)))

    def value(self, metric):
        """None before the second scrape: a rate needs two."""
        if len(self.scrapes) < 2:
            return None
        return METRICS[metric](self)

    def queue_p95(self):
        window = [new - old for new, old in zip(self.scrapes[-1], self.scrapes[0], strict=True)]
        return quantile(0.95, window)


    def mean_calls(self):
        """Running and waiting ones."""
        return sum(map(sum, self.calls)) / len(self.calls)

    def waiting_calls(self):
        return self.calls[-1][1]


METRICS = {
    "stagebeam_queue_seconds_p95": ScrapedPod.queue_p95,
    "stagebeam_calls": ScrapedPod.mean_calls,
    "stagebeam_waiting_calls": ScrapedPod.waiting_calls,
}
