"""The rule of Kubernetes' horizontal pod autoscaler (autoscaling/v2).

Written after its documentation ("Algorithm details" and "Configurable scaling behavior" of
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/). Times are seconds.
"""

import collections
import dataclasses
import math

TOLERANCE = 0.1  # --horizontal-pod-autoscaler-tolerance
SYNC_S = 15.0  # --horizontal-pod-autoscaler-sync-period


@dataclasses.dataclass(frozen=True)
class ScalingPolicy:
    """So many pods, or percent of those at the period's start, in a period at most."""

    type: str  # Pods or Percent
    value: int
    period_s: float


@dataclasses.dataclass(frozen=True)
class Behavior:
    """How far recommendations are followed in one direction."""

    stabilization_s: float
    select: str  # Max, Min or Disabled
    policies: tuple[ScalingPolicy, ...]


@dataclasses.dataclass(frozen=True)
class Metric:
    """A value of each pod whose average is to be `target`."""

    name: str
    target: float


@dataclasses.dataclass(frozen=True)
class Policy:
    """One HorizontalPodAutoscaler."""

    min_replicas: int
    max_replicas: int
    metrics: tuple[Metric, ...]
    scale_up: Behavior
    scale_down: Behavior
    metrics_type: str = "Pods"  # or External


def policy_of(fields):
    """A policy from its JSON form."""
    def behavior(part):
        return Behavior(part["stabilization_s"], part["select"],
                        tuple(ScalingPolicy(**policy) for policy in part["policies"]))
    return Policy(fields["min_replicas"], fields["max_replicas"],
                  tuple(Metric(**metric) for metric in fields["metrics"]),
                  behavior(fields["scale_up"]), behavior(fields["scale_down"]),
                  fields.get("metrics_type", "Pods"))


def within_tolerance(ratio):
    return abs(ratio - 1.0) <= TOLERANCE + 1e-9


def proposal(values, target, current):
    """Replicas that one metric asks for.

    `values`: of each pod, None for one that is not ready or has no value yet: it counts as idle
    where others are over the target and as exactly on it where they are under. No value at all:
    `current`.
    """
    known = [value for value in values if value is not None]
    missing = len(values) - len(known)
    if not known:
        return current
    ratio = sum(known) / len(known) / target
    if not missing:
        return current if within_tolerance(ratio) else math.ceil(ratio * len(known) - 1e-9)
    filled = sum(known) + (0 if ratio > 1 else target * missing)
    new = filled / len(values) / target
    if within_tolerance(new) or (ratio < 1) != (new < 1):
        return current
    wanted = math.ceil(new * len(values) - 1e-9)
    if (new < 1 and wanted > current) or (new > 1 and wanted < current):
        return current
    return wanted


def proposal_of_sum(values, target, current):
    """Replicas that one metric of type External with an AverageValue asks for, as KEDA sets it up.

    The sum over all pods is divided by one pod's target; pods without a value count as nothing.
    """
    total = sum(value for value in values if value is not None)
    if within_tolerance(total / (target * current)):
        return current
    return math.ceil(total / target - 1e-9)


PROPOSALS = {"Pods": proposal, "External": proposal_of_sum}


class Autoscaler:
    """One autoscaler's memory of what it recommended and did."""

    def __init__(self, policy):
        self.policy = policy
        self.recommended = collections.deque()  # (time, replicas)
        self.changes = collections.deque()  # (time, pods more; fewer if negative)
        self.memory_s = max(policy.scale_up.stabilization_s, policy.scale_down.stabilization_s)
        self.longest_period_s = max(
            (one.period_s for side in (policy.scale_up, policy.scale_down)
             for one in side.policies), default=0.0)

    def replicas(self, now, values_by_metric, current):
        """Replicas that there are to be: once each sync period.

        `values_by_metric`: metric name to the values of each pod.
        """
        propose = PROPOSALS[self.policy.metrics_type]
        wanted = max(propose(values_by_metric[metric.name], metric.target, current)
                     for metric in self.policy.metrics)
        wanted = self._stabilized(now, wanted, current)
        wanted = self._limited(now, wanted, current)
        if wanted != current:
            self.changes.append((now, wanted - current))
        return wanted

    def _stabilized(self, now, wanted, current):
        """Up only as far as all of the one window asked for, down as far as all of the other."""
        self.recommended.append((now, wanted))
        while self.recommended[0][0] < now - self.memory_s:
            self.recommended.popleft()
        up = down = wanted
        for at, replicas in self.recommended:
            if at >= now - self.policy.scale_up.stabilization_s:
                up = min(up, replicas)
            if at >= now - self.policy.scale_down.stabilization_s:
                down = max(down, replicas)
        return min(max(current, up), down)

    def _limited(self, now, wanted, current):
        """Within the policies' pace, and within the least and most replicas."""
        while self.changes and self.changes[0][0] < now - self.longest_period_s:
            self.changes.popleft()
        if wanted > current:
            wanted = min(wanted, max(current, self._limit(now, current, self.policy.scale_up, 1)))
        elif wanted < current:
            wanted = max(wanted, min(current,
                                     self._limit(now, current, self.policy.scale_down, -1)))
        return min(max(wanted, self.policy.min_replicas), self.policy.max_replicas)

    def _limit(self, now, current, behavior, sign):
        if behavior.select == "Disabled":
            return current
        limits = []
        for policy in behavior.policies:
            start = current - self._change_since(now - policy.period_s)
            if policy.type == "Pods":
                limits.append(start + sign * policy.value)
            elif sign > 0:
                limits.append(math.ceil(start * (1 + policy.value / 100) - 1e-9))
            else:
                limits.append(math.floor(start * (1 - policy.value / 100) + 1e-9))
        # Max is the largest change, whichever way it goes.
        return max(limits) if (behavior.select == "Max") == (sign > 0) else min(limits)

    def _change_since(self, start):
        return sum(pods for at, pods in self.changes if at > start)
