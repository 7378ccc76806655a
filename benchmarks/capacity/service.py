"""A Deployment: pods that start, serve and drain, the autoscaler that counts them, and routing."""

import dataclasses
import random

from autoscaler import SYNC_S, Autoscaler
from replica import Replica
from scraped import ScrapedPod

SCRAPE_S = 15.0


@dataclasses.dataclass(frozen=True)
class PodSettings:
    """What all pods of a service have in common."""

    places: int
    seconds: object  # Seconds of a step by number of parts.
    start_s: float  # From the decision to a pod that serves: image, weights, warm-up.
    window_s: float = 120.0  # Of the rate in the queue's quantile.
    load_bound: float = 1.25  # A session stays where the load is at most this times the mean.


class Service:
    """Pods of one service. With no policy their number stays."""

    def __init__(self, events, settings, replicas, policy, seed):
        self.events = events
        self.settings = settings
        self.pods = []  # Started and not told to end; replica and its page.
        self.timeline = []  # (time, pods asked for, pods that serve).
        self.pod_seconds = 0.0
        self._rng = random.Random(seed)
        self._autoscaler = Autoscaler(policy) if policy else None
        for _ in range(replicas):
            self._add(0.0)
        events.after(SCRAPE_S, self._scrape)
        events.after(SYNC_S + 1, self._sync)

    # Pods.

    def _add(self, start_s):
        settings = self.settings
        replica = Replica(self.events, settings.places, settings.seconds)
        page = ScrapedPod(replica, int(settings.window_s / SCRAPE_S))
        replica.observe = page.observe
        replica.ready_at = self.events.now + start_s
        replica.since = self.events.now
        self.pods.append(page)

    def _remove(self, page):
        """Takes no new calls; those that it has are finished."""
        self.pods.remove(page)
        replica = page.replica
        replica.draining = True
        replica.on_idle = self._gone
        if not replica.running and not replica.waiting:
            self._gone(replica)

    def _gone(self, replica):
        replica.on_idle = None
        self.pod_seconds += self.events.now - replica.since

    def finish(self):
        """Counts the time of the pods that are left."""
        for page in self.pods:
            self.pod_seconds += self.events.now - page.replica.since

    def serving(self):
        now = self.events.now
        return [page.replica for page in self.pods if page.replica.ready_at <= now]

    # The loop around them.

    def _scrape(self):
        for page in self.pods:
            if page.replica.ready_at <= self.events.now:
                page.scrape()
        self.events.after(SCRAPE_S, self._scrape)

    def _sync(self):
        self.timeline.append((self.events.now, len(self.pods), len(self.serving())))
        if self._autoscaler:
            metrics = self._autoscaler.policy.metrics
            values = {metric.name: [page.value(metric.name) for page in self.pods]
                      for metric in metrics}
            self._resize(self._autoscaler.replicas(self.events.now, values, len(self.pods)))
        self.events.after(SYNC_S, self._sync)

    def _resize(self, wanted):
        while len(self.pods) < wanted:
            self._add(self.settings.start_s)
        while len(self.pods) > wanted:
            # As a ReplicaSet chooses: first who is not ready, then who became ready last.
            self._remove(max(self.pods, key=lambda page: page.replica.ready_at))

    # Routing.

    def route(self, call, sticky):
        """The replica for a call: the session's, where it may stay, else another.

        As rendezvous hashing with a load bound: a session's first choice is random, and whoever is
        loaded above the bound is passed over.
        """
        replicas = self.serving()
        total = sum(replica.load for replica in replicas) + call.places
        bound = max(self.settings.load_bound * total / len(replicas), call.places)
        if sticky and not sticky.draining and sticky.load + call.places <= bound:
            return sticky
        fitting = [one for one in replicas if one.load + call.places <= bound]
        return self._rng.choice(fitting or replicas)
