"""Judges: how many duels, how sure and how consistent, and how full they are."""

from . import engines
from .grafana import Board, Panel, Query, Row, Variable, quantile, rate

METHOD = 'method=~".*/ComparePairs"'


def _share(metric, part, labels=engines.JOB):
    return (f"{rate(metric, f'{labels}, {part}')} / {rate(metric, labels)}")


BOARD = Board(
    "judges", "stagebeam / judges",
    "Whether the judge can be trusted, and whether it keeps up.",
    (
        Row("Verdicts", (
            Panel("Duels", "Pairs decided a second, by method.", "short",
                  (Query(rate("stagebeam_judge_duels_total", engines.JOB, "method"),
                         "{{method}}"),)),
            Panel("Confidence",
                  "Probability given to the better one, scored duels. Near 0.5 it is a coin.",
                  "percentunit", tuple(
                      Query(quantile(q, "stagebeam_judge_confidence_ratio",
                                     f'{engines.JOB}, method=~"score.*"'), f"p{int(q * 100)}")
                      for q in (0.1, 0.5, 0.9)), maximum=1),
            Panel("Both orders agree",
                  "Share of pairs where the judge prefers the same text whichever comes first.",
                  "percentunit",
                  (Query(_share("stagebeam_judge_order_checks_total", 'outcome="agreed"'),
                         "agreed"),), maximum=1),
            Panel("Won by the first of the pair",
                  "Far from a half: the judge looks at the place and not at the text.",
                  "percentunit",
                  (Query(_share("stagebeam_judge_duels_total", 'outcome="first"'), "first"),),
                  maximum=1),
            Panel("Written verdicts without a choice", "Decided by the score instead.", "short",
                  (Query(rate("stagebeam_judge_unparsed_verdicts_total", engines.JOB),
                         "a second"),)),
            Panel("Early duels",
                  "Begun while candidates were still sampled: used, in vain, or failed.", "short",
                  (Query(rate("stagebeam_orchestrator_early_duels_total", "", "outcome"),
                         "{{outcome}}"),), stack="normal"),
        )),
        engines.queue(),
        engines.batch(),
        engines.memory(),
        Row("Calls", (
            Panel("Calls by code", "Of ComparePairs.", "reqps",
                  (Query(rate("stagebeam_rpc_requests_total", METHOD, "code"), "{{code}}"),),
                  columns=2),
            Panel("Time of a call", "From arrival to its status.", "s", (
                Query(quantile(0.5, "stagebeam_rpc_seconds", METHOD), "p50"),
                Query(quantile(0.95, "stagebeam_rpc_seconds", METHOD), "p95")), columns=2),
        )),
    ),
    (Variable("job", "label_values(stagebeam_judge_order_checks_total"
              "{namespace=~\"$namespace\"}, job)", all_value=".*judge.*"),))
