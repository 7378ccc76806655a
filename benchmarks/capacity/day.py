"""A day's load: quiet at night, a ramp in the morning, busy until the evening, and spikes."""

import bisect
import dataclasses
import math
import random

HOUR = 3600.0
DAY = 24 * HOUR


@dataclasses.dataclass(frozen=True)
class Spike:
    """The rate times `factor` within a minute, held, and back within five."""

    hour: float
    factor: float = 3.0
    rise_s: float = 60.0
    hold_s: float = 600.0
    fall_s: float = 300.0

    def at(self, second):
        """What the day's rate is multiplied with."""
        since = second - self.hour * HOUR
        if since <= 0 or since >= self.rise_s + self.hold_s + self.fall_s:
            return 1.0
        share = min(since / self.rise_s, 1.0,
                    (self.rise_s + self.hold_s + self.fall_s - since) / self.fall_s)
        return 1.0 + (self.factor - 1.0) * share


@dataclasses.dataclass(frozen=True)
class Day:
    """Requests a second over the day. `peak_per_minute` is without spikes."""

    peak_per_minute: float
    night_share: float = 0.1
    ramp_hour: float = 8.0  # Middle of the morning's ramp.
    ramp_hours: float = 0.5  # How steep it is.
    spikes: tuple[Spike, ...] = (Spike(5.5), Spike(11.0), Spike(15.0), Spike(20.5))

    def rate(self, second):
        hour = second / HOUR
        wave = 0.75 + 0.25 * math.sin((hour - 8.0) / 24.0 * 2 * math.pi)
        awake = 1 / (1 + math.exp(-(hour - self.ramp_hour) / (self.ramp_hours / 4)))
        asleep = 1 / (1 + math.exp(-(22.0 - hour) / 0.5))
        shape = self.night_share + (1 - self.night_share) * wave * awake * asleep
        for spike in self.spikes:
            shape *= spike.at(second)
        return self.peak_per_minute / 60 * shape

    @property
    def highest_rate(self):
        return max(self.rate(second) for second in range(0, int(DAY), 10))


@dataclasses.dataclass(frozen=True)
class Constant:
    """The same rate all the time."""

    rate_per_s: float

    def rate(self, _):
        return self.rate_per_s


def arrivals(load, end_s, seed):
    """Seconds of Poisson arrivals until `end_s`, in order. The same seed, the same arrivals.

    The rate's integral is summed up second by second, and arrivals of rate one are mapped back
    through it.
    """
    seconds = int(end_s)
    total, integral = 0.0, [0.0]
    for second in range(seconds):
        total += (load.rate(second) + load.rate(second + 1)) / 2
        integral.append(total)
    rng, at, times = random.Random(seed), 0.0, []
    while (at := at + rng.expovariate(1.0)) < total:
        second = bisect.bisect_right(integral, at) - 1
        times.append(second + (at - integral[second]) / (integral[second + 1] - integral[second]))
    return times
