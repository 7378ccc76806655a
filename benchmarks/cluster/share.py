"""What of a request's time is neither encoding, generating nor judging.

Asks a stage-beam question again and again, one at a time, with a new picture
each. A worker's own account of its time is the difference of its metrics page
before and after the request, so what remains of the wall time is the
orchestrator, the calls between the processes, and the caller's own call. That
needs workers that take turns. Candidates of fixed length end together, so they
do; with --stage-tokens 0 a judge may start before the generator has ended, and
time that both work is subtracted twice.
"""

import argparse

import machine_limits
import work as works
from caller import usage_row
from json_lines import emit
from local_cluster import LocalCluster, add_arguments, options_of
from metrics_page import Page
from pictures import Pictures
from process_stat import cpu_seconds
from summaries import median

BENCHMARK = "share"
ENGINE = ("stagebeam_engine_queue_seconds_sum", "stagebeam_engine_prefill_seconds_sum",
          "stagebeam_engine_decode_seconds_sum")
ENCODER = ("stagebeam_encoder_encode_seconds_sum",)


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, BENCHMARK)
    works.add_arguments(parser, stage_tokens=24)
    machine_limits.add_argument(parser)
    parser.add_argument("--requests", type=int, default=50)
    args = parser.parse_args()
    if (args.generators, args.judges) != (1, 1):
        parser.error("--generators, --judges: must be 1, so that calls come one after another")
    return parser, args


def worker_seconds(cluster):
    """Seconds that each worker says it has worked for calls so far."""
    accounts = {"encoder": ENCODER, **dict.fromkeys(cluster.language_workers(), ENGINE)}
    pages = {name: Page(cluster.metrics_url(name)) for name in accounts}
    return {name: sum(pages[name].total(metric) for metric in metrics)
            for name, metrics in accounts.items()}


def ask_once(cluster, caller, request):
    """One request's row."""
    before = worker_seconds(cluster)
    wall, response = caller.ask(request)
    worked = {name: after - before[name] for name, after in worker_seconds(cluster).items()}
    usage = usage_row(response.usage)
    calls = usage["encode_s"] + usage["generate_s"] + usage["judge_s"]
    return response, {
        "wall_s": wall, "workers_s": worked, "usage": usage,
        # Of the orchestrator alone: by its own clock, outside its calls to workers.
        "orchestrator_share": (usage["total_s"] - calls) / wall,
        "share": (wall - sum(worked.values())) / wall}


def measure(cluster, caller, work, requests):
    """The rows, and the orchestrator's processor seconds over all of them."""
    image, question = work.subject
    pictures, rows, cpu = Pictures(image), [], 0.0
    for number in range(requests + 1):
        request = caller.request(work, pictures.new(), question, seed=number)
        start = cpu_seconds(cluster.pid("orchestrator"))
        response, row = ask_once(cluster, caller, request)
        if number == 0:
            continue  # Warms up.
        cpu += cpu_seconds(cluster.pid("orchestrator")) - start
        work.check(response)
        emit(BENCHMARK, "run", request=number, **row)
        rows.append(row)
    return rows, cpu


def main():
    parser, args = parse()
    work = works.Work(args.candidates, args.stage_tokens, args.method, args.verdict_tokens)
    options = options_of(parser, args, works.cluster_flags(work))
    machine_limits.print_limits(BENCHMARK, args)
    with LocalCluster(options) as cluster:
        rows, cpu = measure(cluster, cluster.caller(), work, args.requests)
    emit(BENCHMARK, "summary", checkpoint=args.checkpoint.name, candidates=args.candidates,
         requests=len(rows), wall_s=median(row["wall_s"] for row in rows),
         share=median(row["share"] for row in rows),
         orchestrator_share=median(row["orchestrator_share"] for row in rows),
         orchestrator_cpu_s=cpu, orchestrator_cpu_share=cpu / sum(row["wall_s"] for row in rows))


if __name__ == "__main__":
    main()
