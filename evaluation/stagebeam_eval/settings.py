"""What decides the answers of a run: how to search, and with which seed."""

import argparse

STRATEGIES = ("single", "best-of-n", "sentence-beam", "stage-beam", "adaptive")
DECIDERS = ("judge", "log-probability", "judge-and-likelihood", "chance")
JUDGES = ("score", "both-orders", "write")
# Settings of single strategies, as the options' names.
OWN = {"stage-beam": ("survivors",),
       "adaptive": ("initial_candidates", "sufficient_probability", "sufficient_confidence")}


def add_options(parser):
    parser.add_argument("--strategy", choices=STRATEGIES, default="stage-beam")
    parser.add_argument("--candidates", type=int, default=4, help="of every search but single")
    parser.add_argument("--survivors", type=int, default=1, help="of stage-beam")
    parser.add_argument("--initial_candidates", type=int, default=1,
                        help="of a stage's first draw, of adaptive")
    parser.add_argument("--sufficient_probability", type=float, default=0.9,
                        help="of a lone candidate that adaptive takes")
    parser.add_argument("--sufficient_confidence", type=float, default=0.8,
                        help="of the judge in a winner that adaptive takes")
    parser.add_argument("--decide", choices=DECIDERS, help="who decides duels; else the judge")
    parser.add_argument("--judge", choices=JUDGES, help="how duels are decided; else the server's")
    parser.add_argument("--temperature", type=float, help="default: the server's")
    parser.add_argument("--max_candidate_tokens", type=int, default=0, help="0: the server's")
    parser.add_argument("--seed", type=int, default=1, help="every question makes its own of it")


def add_table_options(parser):
    """What else a run over a table may be told."""
    parser.add_argument("--last_paragraph", action="store_true",
                        help="of an answer, its last paragraph: for checkpoints without stages")
    parser.add_argument("--trace", action="store_true",
                        help="keep every candidate and duel beside the answer")


def of_run(args):
    """`settings_of`, and the table's where they are set."""
    more = {name: True for name in ("last_paragraph", "trace") if getattr(args, name)}
    return {**settings_of(args), **more}


def settings_of(args):
    """What decides the answers, as JSON can keep it."""
    mine = {"strategy": args.strategy, "decide": args.decide, "judge": args.judge,
            "temperature": args.temperature, "max_candidate_tokens": args.max_candidate_tokens,
            "seed": args.seed}
    if args.strategy != "single":
        mine["candidates"] = args.candidates
    return mine | {name: getattr(args, name) for name in OWN.get(args.strategy, ())}


def from_options(**options):
    """The same from options by name, as of the command line: from_options(strategy="single").

    None leaves an option as it is. ValueError names the option that is none, or whose value is not
    for it.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False, add_help=False)
    add_options(parser)
    known = vars(parser.parse_args([]))
    for name in options:
        if name not in known:
            raise ValueError(f"{name}: is no option; there are {', '.join(known)}")
    try:
        return settings_of(parser.parse_args(
            [f"--{name}={value}" for name, value in options.items() if value is not None]))
    except argparse.ArgumentError as error:
        raise ValueError(f"{error.argument_name.lstrip('-')}: {error.message}") from error
