"""The simulated autoscaler follows the rule of Kubernetes' own."""

import dataclasses
import unittest

import capacity_tree  # noqa: F401
from autoscaler import (
    Autoscaler,
    Behavior,
    Metric,
    Policy,
    ScalingPolicy,
    proposal,
    proposal_of_sum,
)
from scraped import BUCKETS, ScrapedPod, quantile

ANY = (ScalingPolicy("Pods", 1000, 15),)
FREE = Behavior(0, "Max", ANY)
PLAIN = Policy(1, 100, (Metric("m", 1.0),), FREE, FREE)


def with_up(**values):
    return dataclasses.replace(PLAIN, scale_up=dataclasses.replace(FREE, **values))


def with_down(**values):
    return dataclasses.replace(PLAIN, scale_down=dataclasses.replace(FREE, **values))


class Run:
    """An autoscaler whose pods are what it last said; every pod has the same value."""

    def __init__(self, policy, pods):
        self.autoscaler = Autoscaler(policy)
        self.pods = pods

    def at(self, now, value):
        self.pods = self.autoscaler.replicas(now, {"m": [value] * self.pods}, self.pods)
        return self.pods


class Proposals(unittest.TestCase):
    def test_replicas_follow_the_ratio_rounded_up(self):
        self.assertEqual(proposal([2.0] * 4, 1.0, 4), 8)
        self.assertEqual(proposal([1.5] * 3, 1.0, 3), 5)
        self.assertEqual(proposal([0.5] * 5, 1.0, 5), 3)
        self.assertEqual(proposal([0.0] * 5, 1.0, 5), 0)

    def test_a_tenth_off_changes_nothing(self):
        self.assertEqual(proposal([1.1] * 10, 1.0, 10), 10)
        self.assertEqual(proposal([0.9] * 10, 1.0, 10), 10)
        self.assertEqual(proposal([1.11] * 10, 1.0, 10), 12)
        self.assertEqual(proposal([0.89] * 10, 1.0, 10), 9)

    def test_pods_without_a_value_count_as_idle_when_others_are_over(self):
        # Four pods' worth of load over two, two more are starting: enough.
        self.assertEqual(proposal([2.0, 2.0, None, None], 1.0, 4), 4)
        self.assertEqual(proposal([4.0, 4.0, None, None], 1.0, 4), 8)

    def test_pods_without_a_value_count_as_on_target_when_others_are_under(self):
        self.assertEqual(proposal([0.0, 0.0, None, None], 1.0, 4), 2)

    def test_starting_pods_never_turn_a_rise_into_a_fall(self):
        self.assertEqual(proposal([1.5, None, None, None], 1.0, 4), 4)

    def test_without_any_value_nothing_changes(self):
        self.assertEqual(proposal([None, None], 1.0, 2), 2)

    def test_a_sum_is_divided_by_the_target_of_one_pod(self):
        self.assertEqual(proposal_of_sum([2.0] * 4, 1.0, 4), 8)
        self.assertEqual(proposal_of_sum([1.1] * 10, 1.0, 10), 10)
        self.assertEqual(proposal_of_sum([], 1.0, 4), 0)
        # Pods that start count as idle: others under the target make room for them.
        self.assertEqual(proposal_of_sum([2.0, 2.0, None, None], 1.0, 4), 4)
        self.assertEqual(proposal_of_sum([0.5, 0.5, None, None], 1.0, 4), 1)

    def test_a_policy_says_how_its_metrics_are_taken(self):
        policy = dataclasses.replace(PLAIN, metrics_type="External")
        values = {"m": [0.0, 0.0, None, None]}
        self.assertEqual(Autoscaler(policy).replicas(0, values, 4), 1)
        self.assertEqual(Autoscaler(PLAIN).replicas(0, values, 4), 2)

    def test_the_metric_that_asks_for_most_decides(self):
        policy = dataclasses.replace(PLAIN, metrics=(Metric("m", 1.0), Metric("n", 10.0)))
        values = {"m": [2.0, 2.0], "n": [50.0, 50.0]}
        self.assertEqual(Autoscaler(policy).replicas(0, values, 2), 10)


class Stabilization(unittest.TestCase):
    def test_the_highest_of_the_window_holds_replicas_up(self):
        run = Run(with_down(stabilization_s=60), 8)
        self.assertEqual(run.at(0, 1.0), 8)
        for now in (15, 30, 45, 60):
            self.assertEqual(run.at(now, 0.25), 8)
        self.assertEqual(run.at(75, 0.25), 2)

    def test_the_lowest_of_the_window_holds_replicas_down(self):
        run = Run(with_up(stabilization_s=30), 2)
        self.assertEqual(run.at(0, 1.0), 2)
        self.assertEqual(run.at(15, 3.0), 2)
        self.assertEqual(run.at(30, 3.0), 2)
        self.assertEqual(run.at(45, 3.0), 6)

    def test_a_short_dip_does_not_scale_down(self):
        run = Run(with_down(stabilization_s=300), 6)
        for step in range(40):
            self.assertEqual(run.at(15 * step, 0.1 if step % 10 else 1.0), 6)


class Pace(unittest.TestCase):
    UP = (ScalingPolicy("Percent", 100, 60), ScalingPolicy("Pods", 4, 60))
    DOWN = (ScalingPolicy("Percent", 10, 60), ScalingPolicy("Pods", 3, 60))

    def test_max_takes_the_larger_rise_and_min_the_smaller(self):
        self.assertEqual(Run(with_up(policies=self.UP), 2).at(0, 50.0), 6)
        self.assertEqual(Run(with_up(policies=self.UP), 10).at(0, 50.0), 20)
        self.assertEqual(Run(with_up(policies=self.UP, select="Min"), 2).at(0, 50.0), 4)
        self.assertEqual(Run(with_up(policies=self.UP, select="Min"), 10).at(0, 50.0), 14)

    def test_max_takes_the_larger_fall_and_min_the_smaller(self):
        self.assertEqual(Run(with_down(policies=self.DOWN), 50).at(0, 0.1), 45)
        self.assertEqual(Run(with_down(policies=self.DOWN), 10).at(0, 0.1), 7)
        self.assertEqual(Run(with_down(policies=self.DOWN, select="Min"), 10).at(0, 0.1), 9)

    def test_a_disabled_direction_stays(self):
        self.assertEqual(Run(with_up(select="Disabled"), 3).at(0, 50.0), 3)
        self.assertEqual(Run(with_down(select="Disabled"), 3).at(0, 0.0), 3)

    def test_what_was_added_in_the_period_counts(self):
        run = Run(with_up(policies=self.UP), 2)
        self.assertEqual(run.at(0, 50.0), 6)
        self.assertEqual(run.at(15, 50.0), 6)
        self.assertEqual(run.at(45, 50.0), 6)
        self.assertEqual(run.at(60, 50.0), 12)

    def test_percents_round_to_the_larger_change(self):
        up = with_up(policies=(ScalingPolicy("Percent", 10, 60),))
        self.assertEqual(Run(up, 3).at(0, 50.0), 4)
        down = with_down(policies=(ScalingPolicy("Percent", 10, 60),))
        self.assertEqual(Run(down, 3).at(0, 0.0), 2)

    def test_nothing_leaves_the_bounds(self):
        bounded = dataclasses.replace(PLAIN, min_replicas=2, max_replicas=5)
        self.assertEqual(Run(bounded, 3).at(0, 50.0), 5)
        self.assertEqual(Run(bounded, 3).at(0, 0.0), 2)


class Scrapes(unittest.TestCase):
    def test_a_quantile_lies_inside_its_bucket_as_prometheus_puts_it(self):
        counts = [0] * (len(BUCKETS) + 1)
        counts[BUCKETS.index(0.5)] = 100  # Between 0.25 and 0.5.
        self.assertAlmostEqual(quantile(0.95, counts), 0.25 + 0.25 * 0.95)
        self.assertEqual(quantile(0.95, [0] * len(counts)), 0)

    def test_what_lies_above_all_buckets_counts_as_the_last_bound(self):
        counts = [0] * (len(BUCKETS) + 1)
        counts[-1] = 7
        self.assertEqual(quantile(0.95, counts), BUCKETS[-1])

    def test_old_queueing_leaves_the_window(self):
        page = ScrapedPod(IdleReplica(), window_scrapes=2)
        page.scrape()
        self.assertIsNone(page.value("stagebeam_queue_seconds_p95"))
        page.observe(3.0)
        page.scrape()
        self.assertGreater(page.value("stagebeam_queue_seconds_p95"), 2.5)
        page.scrape()
        self.assertGreater(page.value("stagebeam_queue_seconds_p95"), 2.5)
        page.scrape()
        self.assertEqual(page.value("stagebeam_queue_seconds_p95"), 0)


class IdleReplica:
    """A replica without work."""

    running = 0
    waiting = ()


if __name__ == "__main__":
    unittest.main(verbosity=1)
