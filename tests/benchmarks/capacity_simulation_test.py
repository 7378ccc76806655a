"""The simulation obeys queueing theory, loses nothing, and repeats itself."""

import copy
import dataclasses
import math
import random
import statistics
import unittest

import capacity_tree
import simulate
import sweep
from day import HOUR, Constant, Day, Spike, arrivals
from events import Events
from model import Model
from parameters import GPUS
from replica import Call, Replica
from results import minutes, percentile, summary
from simulation import Setting

GPU = "L40S"


def served(places, seconds, rate, customers, seed):
    """Calls through one replica: Poisson arrivals, one part of exponential length of mean 1."""
    events, rng, done = Events(), random.Random(seed), []
    replica = Replica(events, places, seconds)

    def arrive():
        start = events.now
        replica.enter(Call([rng.expovariate(1.0)], 1, 0.0,
                           lambda call: done.append((call.queued_s, events.now - start))))

    at = 0.0
    for _ in range(customers):
        at += rng.expovariate(rate)
        events.at(at, arrive)
    events.run()
    return done


def erlang_c(servers, offered):
    """Probability that a customer of M/M/c waits."""
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last)


class Theory(unittest.TestCase):
    def test_replicas_of_constant_speed_wait_as_erlang_c_says(self):
        for servers, rate in ((1, 0.6), (4, 3.0)):
            done = served(servers, lambda _: 1.0, rate, 30_000, seed=7)
            waits = erlang_c(servers, rate)
            self.assertAlmostEqual(sum(queued > 0 for queued, _ in done) / len(done), waits,
                                   delta=0.03)
            mean = statistics.fmean(queued for queued, _ in done)
            self.assertAlmostEqual(mean * (servers - rate) / waits, 1, delta=0.1)

    def test_replicas_that_share_their_time_take_as_long_as_processor_sharing(self):
        done = served(10_000, float, 0.7, 30_000, seed=8)
        self.assertEqual(max(queued for queued, _ in done), 0)
        self.assertAlmostEqual(statistics.fmean(seconds for _, seconds in done) * (1 - 0.7), 1,
                               delta=0.1)

    def test_requests_in_the_system_are_rate_times_time(self):
        rate, seconds = 1.5, HOUR
        run = simulate.run_fixed(GPU, Setting(Constant(rate), seconds),
                                 {"generator": 3, "judge": 2})
        mean = statistics.fmean(seconds for _, _, seconds in run.finished)
        arrived = len(arrivals(Constant(rate), seconds, run.setting.seed))
        self.assertAlmostEqual(run.in_system_s / seconds / (arrived / seconds * mean), 1,
                               delta=0.02)

    def test_an_unhurried_cluster_is_as_fast_as_the_model_says(self):
        plan = Model(GPUS[GPU]).plan(100)
        run = simulate.run_fixed(GPU, Setting(Constant(100 / 60), HOUR),
                                 {"generator": plan.generators, "judge": plan.judges})
        mean = statistics.fmean(seconds for _, _, seconds in run.finished)
        self.assertAlmostEqual(mean / plan.wall_s, 1, delta=0.05)


class Replicas(unittest.TestCase):
    def setUp(self):
        self.events = Events()
        self.ended = []

    def call(self, name, parts, places=1, first_s=0.0):
        return Call(parts, places, first_s, lambda _: self.ended.append((name, self.events.now)))

    def test_a_call_keeps_its_places_until_its_longest_part_ends(self):
        replica = Replica(self.events, 2, lambda _: 1.0)
        replica.enter(self.call("long", [1.0, 5.0], places=2))
        replica.enter(self.call("next", [1.0]))
        self.events.run()
        self.assertEqual(self.ended, [("long", 5.0), ("next", 6.0)])

    def test_a_large_call_in_front_keeps_small_ones_waiting(self):
        replica = Replica(self.events, 3, lambda _: 1.0)
        for name, places in (("first", 2), ("large", 3), ("small", 1)):
            replica.enter(self.call(name, [1.0], places))
        self.events.run()
        self.assertEqual(self.ended, [("first", 1.0), ("large", 2.0), ("small", 3.0)])

    def test_more_parts_make_every_part_slower(self):
        replica = Replica(self.events, 4, lambda parts: 1.0 + parts)
        replica.enter(self.call("one", [1.0, 2.0]))
        self.events.run()
        # A unit at 3 s while two run, another at 2 s.
        self.assertEqual(self.ended, [("one", 5.0)])

    def test_a_prompt_holds_up_what_runs(self):
        replica = Replica(self.events, 4, lambda _: 1.0)
        replica.enter(self.call("old", [4.0]))
        self.events.at(1.0, replica.enter, self.call("new", [1.0], first_s=2.0))
        self.events.run()
        self.assertEqual(self.ended, [("new", 4.0), ("old", 6.0)])


class Pulse:
    """Ten busy minutes, then hardly anything."""

    def rate(self, second):
        return 4.0 if second < 600 else 0.001


class Clusters(unittest.TestCase):
    def test_scaling_up_and_down_loses_no_request(self):
        policies = simulate.load_policies()
        setting = Setting(Pulse(), 1.5 * HOUR)
        run = simulate.run_policies(GPU, setting, policies)
        asked = [count for _, count, _ in run.generator.timeline]
        self.assertGreater(max(asked), 2)
        self.assertEqual(asked[-1], 2)
        arrived = [at for at in arrivals(setting.load, setting.seconds, setting.seed)
                   if at < setting.seconds - 600]
        self.assertGreaterEqual(len(run.finished), len(arrived))

    def test_pods_serve_only_after_their_start(self):
        run = simulate.run_policies(GPU, Setting(Pulse(), 900, generator_start_s=120),
                                    simulate.load_policies())
        # The first look after the decision comes a sync period later.
        grown = next(at for at, asked, _ in run.generator.timeline if asked > 2)
        for at, _, serving in run.generator.timeline:
            if at < grown + 120 - 16:
                self.assertEqual(serving, 2)
        self.assertGreater(max(serving for _, _, serving in run.generator.timeline), 2)

    def test_pod_hours_are_the_pods_of_a_fixed_cluster(self):
        run = simulate.run_fixed(GPU, Setting(Constant(0.1), HOUR), {"generator": 3, "judge": 2})
        self.assertAlmostEqual(summary(run)["generator"]["pod_hours"], 3)
        self.assertAlmostEqual(summary(run)["judge"]["pod_hours"], 2)

    def test_the_same_seed_gives_the_same_day_and_another_one_another(self):
        def run(seed):
            setting = Setting(Day(60), 0.5 * HOUR, seed)
            done = simulate.run_policies(GPU, setting, simulate.load_policies())
            return summary(done), list(minutes(done))
        self.assertEqual(run(1), run(1))
        self.assertNotEqual(run(1), run(2))

    def test_queue_time_alone_swings_where_the_chosen_policy_stays(self):
        def changes(change):
            policies = copy.deepcopy(simulate.load_policies())
            change(policies)
            run = simulate.run_policies(GPU, Setting(Constant(1.5), 1.5 * HOUR), policies)
            return summary(run)["generator"]
        swinging = changes(sweep.metrics([(sweep.QUEUE, 0.5)]))
        chosen = changes(lambda policies: None)
        self.assertLess(3 * chosen["changes"], swinging["changes"])
        self.assertLess(chosen["pod_hours"], swinging["pod_hours"])


class Load(unittest.TestCase):
    def test_a_spike_triples_the_rate_within_a_minute(self):
        plain = dataclasses.replace(Day(60), spikes=())
        spiked = dataclasses.replace(Day(60), spikes=(Spike(11.0),))
        self.assertEqual(spiked.rate(11 * HOUR), plain.rate(11 * HOUR))
        self.assertAlmostEqual(spiked.rate(11 * HOUR + 60), 3 * plain.rate(11 * HOUR + 60))
        self.assertEqual(spiked.rate(12 * HOUR), plain.rate(12 * HOUR))

    def test_the_day_is_quiet_at_night_and_busy_at_noon(self):
        day = dataclasses.replace(Day(60), spikes=())
        self.assertAlmostEqual(day.rate(3 * HOUR), 0.1, delta=0.01)
        self.assertAlmostEqual(max(day.rate(60 * minute) for minute in range(1440)), 1,
                               delta=0.02)

    def test_arrivals_come_at_the_rate_of_their_time(self):
        times = arrivals(Day(600), 24 * HOUR, 1)
        self.assertEqual(times, sorted(times))
        for hour in (3, 8, 13, 21):
            expected = sum(Day(600).rate(HOUR * hour + second) for second in range(3600))
            count = sum(HOUR * hour <= at < HOUR * (hour + 1) for at in times)
            self.assertAlmostEqual((count - expected) / math.sqrt(expected), 0, delta=4)


class Figures(unittest.TestCase):
    def test_a_percentile_is_one_of_the_numbers(self):
        numbers = list(range(100))
        self.assertEqual(percentile(numbers, 0.5), 50)
        self.assertEqual(percentile(numbers, 0.99), 99)
        self.assertEqual(percentile([], 0.5), 0)

    def test_every_case_of_the_sweep_changes_something_it_names(self):
        names = [name for name, _, _ in sweep.CASES]
        self.assertEqual(len(names), len(set(names)))
        chosen = simulate.load_policies()
        for name, change, values in sweep.CASES[1:]:
            policies = copy.deepcopy(chosen)
            change(policies)
            self.assertTrue(policies != chosen or values, name)


class Document(unittest.TestCase):
    TEXT = (capacity_tree.SOURCE / "docs/scaling.md").read_text()

    def row(self, start):
        """Cells of the one table row that begins so."""
        (row,) = (line for line in self.TEXT.splitlines() if line.startswith(f"| {start} |"))
        return [cell.strip() for cell in row.strip("|").split("|")][1:]

    def test_docs_scaling_says_what_the_chosen_policy_is(self):
        policies = simulate.load_policies()
        for name, start in ((sweep.CALLS, "calls that a replica has, running or waiting, mean of "
                             "a minute"), (sweep.QUEUE, "queue seconds, p95 of two minutes")):
            targets = [metric["target"] for service in simulate.SERVICES
                       for metric in policies[service]["metrics"] if metric["name"] == name]
            self.assertEqual(self.row(start), [f"{target:g}" for target in targets])
        bounds = [f"{policies[service]['min_replicas']}, {policies[service]['max_replicas']}"
                  for service in simulate.SERVICES]
        self.assertEqual(self.row("replicas, least and most"), bounds)

    def test_docs_scaling_has_a_row_of_every_case(self):
        for name in (*(name for name, _, _ in sweep.CASES), *sweep.FIXED):
            self.assertEqual(len(self.row(name)), 7, name)


if __name__ == "__main__":
    unittest.main(verbosity=1)
