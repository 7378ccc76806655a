"""What decides the answers of a run: how to search, and with which seed."""

STRATEGIES = ("single", "best-of-n", "sentence-beam", "stage-beam")
JUDGES = ("score", "both-orders", "write")


def add_options(parser):
    parser.add_argument("--strategy", choices=STRATEGIES, default="stage-beam")
    parser.add_argument("--candidates", type=int, default=4, help="of every search but single")
    parser.add_argument("--survivors", type=int, default=1, help="of stage-beam")
    parser.add_argument("--judge", choices=JUDGES, help="how duels are decided; else the server's")
    parser.add_argument("--temperature", type=float, help="default: the server's")
    parser.add_argument("--max_candidate_tokens", type=int, default=0, help="0: the server's")
    parser.add_argument("--seed", type=int, default=1, help="every question makes its own of it")


def settings_of(args):
    """What decides the answers, as JSON can keep it."""
    mine = {"strategy": args.strategy, "judge": args.judge, "temperature": args.temperature,
            "max_candidate_tokens": args.max_candidate_tokens, "seed": args.seed}
    if args.strategy != "single":
        mine["candidates"] = args.candidates
    if args.strategy == "stage-beam":
        mine["survivors"] = args.survivors
    return mine
