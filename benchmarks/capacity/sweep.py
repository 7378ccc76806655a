"""The chosen policy beside others, each with one thing changed, on the same day.

Prints one JSON object a line; with --markdown FILE, the table of lines that were kept in FILE.
"""

import argparse
import concurrent.futures
import copy
import dataclasses
import json
import os
import pathlib

import lines
import simulate
from results import summary

QUEUE, CALLS, WAITING = ("stagebeam_queue_seconds_p95", "stagebeam_calls",
                         "stagebeam_waiting_calls")


def metrics(generator, judge=None):
    """Changes what both are scaled by: pairs of metric and target."""
    def change(policies):
        for name, pairs in (("generator", generator), ("judge", judge or generator)):
            policies[name]["metrics"] = [{"name": metric, "target": target}
                                         for metric, target in pairs]
    return change


def target(metric, generator, judge=None):
    """Changes one metric's target."""
    def change(policies):
        for name, value in (("generator", generator), ("judge", judge or generator)):
            for one in policies[name]["metrics"]:
                if one["name"] == metric:
                    one["target"] = value
    return change


def everywhere(part=None, **values):
    """Changes fields of both policies, or of one part of them."""
    def change(policies):
        for policy in policies.values():
            (policy[part] if part else policy).update(values)
    return change


def pace(period_s, percent, pods):
    return everywhere("scale_up", policies=[
        {"type": "Percent", "value": percent, "period_s": period_s},
        {"type": "Pods", "value": pods, "period_s": period_s}])


# (what, change of the policies, changes of the setting). The first is the chosen one.
CASES = (
    ("chosen", lambda policies: None, {}),
    ("queue p95 alone, target 0.1 s", metrics([(QUEUE, 0.1)]), {}),
    ("queue p95 alone, 0.5 s", metrics([(QUEUE, 0.5)]), {}),
    ("queue p95 alone, 2 s", metrics([(QUEUE, 2)]), {}),
    ("queue p95 alone, 0.5 s, a lull lasts 30 min",
     lambda policies: (metrics([(QUEUE, 0.5)])(policies),
                       everywhere("scale_down", stabilization_s=1800)(policies)), {}),
    ("queue p95 0.5 s and 8 waiting calls", metrics([(QUEUE, 0.5), (WAITING, 8)]), {}),
    ("calls alone", metrics([(CALLS, 5)], [(CALLS, 2)]), {}),
    ("sums over the pods, as KEDA", everywhere(metrics_type="External"), {}),
    ("queue p95 0.1 s", target(QUEUE, 0.1), {}),
    ("queue p95 0.5 s", target(QUEUE, 0.5), {}),
    ("queue p95 2 s", target(QUEUE, 2), {}),
    ("calls 4 and 1", target(CALLS, 4, 1), {}),
    ("calls 7 and 2", target(CALLS, 7, 2), {}),
    ("calls 9 and 3", target(CALLS, 9, 3), {}),
    ("calls 12 and 6", target(CALLS, 12, 6), {}),
    ("at least 3 of each", everywhere(min_replicas=3), {}),
    ("a lull lasts 1 min", everywhere("scale_down", stabilization_s=60), {}),
    ("a lull lasts 30 min", everywhere("scale_down", stabilization_s=1800), {}),
    ("up by 50 % or 2 pods a minute", pace(60, 50, 2), {}),
    ("up by 100 % or 4 pods a minute", pace(60, 100, 4), {}),
    ("up by 100 % or 4 pods in 15 s", pace(15, 100, 4), {}),
    ("up after a minute's agreement", everywhere("scale_up", stabilization_s=60), {}),
    ("pods start in 5 min", lambda policies: None,
     {"generator_start_s": 300, "judge_start_s": 300}),
    ("calls 7 and 2, pods start in 30 s", target(CALLS, 7, 2),
     {"generator_start_s": 30, "judge_start_s": 30}),
    ("calls 7 and 2, pods start in 5 min", target(CALLS, 7, 2),
     {"generator_start_s": 300, "judge_start_s": 300}),
)
FIXED = ("as many as the highest spike needs, all day", "as many as the usual peak needs, all day")


def run_case(gpu, setting, what):
    """One line's fields."""
    if what in FIXED:
        load = setting.load.highest_rate * 60 if what == FIXED[0] else setting.load.peak_per_minute
        return summary(simulate.run_fixed(gpu, setting, simulate.fixed_for(gpu, load)))
    change, values = next((change, values) for name, change, values in CASES if name == what)
    policies = copy.deepcopy(simulate.load_policies())
    change(policies)
    setting = dataclasses.replace(setting, **values)
    return summary(simulate.run_policies(gpu, setting, policies))


def table(rows):
    """Markdown of lines; pod-hours also as a share of the first fixed number's."""
    most = next(hours(row) for row in rows if row["changed"] == FIXED[0])
    text = ["| changed | queue p95 / p99, s | over 2 s, % | answer p95, s | generator, judge "
            "pod-hours | of the highest spike's | most pods | changes |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        generator, judge = row["generator"], row["judge"]
        text.append(
            f"| {row['changed']} | {row['queue_s']['p95']:.1f} / {row['queue_s']['p99']:.0f} | "
            f"{100 * row['over_target']:.1f} | {row['latency_s']['p95']:.0f} | "
            f"{generator['pod_hours']:.0f}, {judge['pod_hours']:.0f} | "
            f"{100 * hours(row) / most:.0f} % | {generator['most_pods']}, {judge['most_pods']} | "
            f"{generator['changes'] + judge['changes']} |")
    return "\n".join(text)


def hours(row):
    return row["generator"]["pod_hours"] + row["judge"]["pod_hours"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    simulate.add_arguments(parser)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--only", action="append", help="a case, by name; may be repeated")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    if args.markdown:
        print(table([json.loads(line) for line in args.markdown.read_text().splitlines()]))
        return
    setting = simulate.setting_of(parser, args)
    names = [name for name, _, _ in CASES] + list(FIXED)
    if unknown := set(args.only or ()) - set(names):
        parser.error(f"--only: must be one of {names}, is {sorted(unknown)[0]!r}")
    wanted = [name for name in names if not args.only or name in args.only]
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(run_case, args.gpu, setting, name) for name in wanted]
        for name, run in zip(wanted, runs, strict=True):
            lines.emit("sweep", changed=name, gpu=args.gpu, seed=args.seed, **run.result())


if __name__ == "__main__":
    main()
