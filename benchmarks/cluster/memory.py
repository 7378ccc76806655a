"""Memory of generator and judge on one checkpoint, against one copy of its weights.

Pages that processes share count once: Pss of both, after a request. One copy is
the language model's tensors, which is what both hold; the summary gives the
ratio to the whole file's, too. Pss_Anon is each process's own memory, Pss_File
what is mapped.
"""

import argparse

import machine_limits
import work as works
from checkpoint_size import weight_bytes
from json_lines import emit
from local_cluster import LocalCluster, add_arguments, options_of, with_flags
from pictures import Pictures
from process_stat import memory

BENCHMARK = "memory"
KINDS = ("Pss", "Pss_Anon", "Pss_File", "Rss")


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, BENCHMARK)
    works.add_arguments(parser, stage_tokens=48)
    machine_limits.add_argument(parser)
    parser.add_argument("--weights", default="mapped,packed",
                        help="how the weights are held, one after another")
    args = parser.parse_args()
    args.weights = args.weights.split(",")
    return parser, args


def measure(options, work, weights):
    """The memory of each language worker after a request: {name: {kind: bytes}}."""
    flags = (f"generator:--weights={weights}", f"judge:--weights={weights}")
    with LocalCluster(with_flags(options, flags)) as cluster:
        caller, (image, question) = cluster.caller(), work.subject
        request = caller.request(work, Pictures(image).new(), question, seed=1)
        work.check(caller.ask(request)[1])
        used = {name: memory(cluster.pid(name)) for name in cluster.language_workers()}
    return {name: {kind: sizes[kind] for kind in KINDS} for name, sizes in used.items()}


def main():
    parser, args = parse()
    work = works.Work(args.candidates, args.stage_tokens, args.method, args.verdict_tokens)
    options = options_of(parser, args, works.cluster_flags(work))
    machine_limits.print_limits(BENCHMARK, args)
    language, whole = (weight_bytes(args.checkpoint, prefix) for prefix in ("language_model.", ""))
    for weights in args.weights:
        used = measure(options, work, weights)
        for name, sizes in used.items():
            emit(BENCHMARK, "process", weights=weights, name=name, **sizes)
        pss = sum(sizes["Pss"] for sizes in used.values())
        emit(BENCHMARK, "summary", checkpoint=args.checkpoint.name, weights=weights, pss_bytes=pss,
             language_weight_bytes=language, all_weight_bytes=whole,
             pss_over_one_copy=pss / language, pss_over_whole_file=pss / whole)


if __name__ == "__main__":
    main()
