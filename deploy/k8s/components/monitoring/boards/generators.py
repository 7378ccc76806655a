"""Generators: batch, queue, key-value memory, reuse, tokens."""

from . import engines
from .grafana import Board, Panel, Query, Row, Variable, quantile, rate

METHOD = 'method=~".*/GenerateCandidates"'

BOARD = Board(
    "generators", "stagebeam / generators",
    "How full the generators are, how long calls wait for them, and what they reuse.",
    (
        engines.queue(),
        engines.batch(),
        engines.memory(),
        engines.tokens(),
        Row("Calls", (
            Panel("Calls by code", "Of GenerateCandidates.", "reqps",
                  (Query(rate("stagebeam_rpc_requests_total", METHOD, "code"), "{{code}}"),)),
            Panel("Time of a call", "From arrival to its status.", "s", (
                Query(quantile(0.5, "stagebeam_rpc_seconds", METHOD), "p50"),
                Query(quantile(0.95, "stagebeam_rpc_seconds", METHOD), "p95"))),
            Panel("What ended candidates",
                  "Many of \"length\" are cut off: raise the limit of tokens.", "short",
                  (Query(rate("stagebeam_generator_candidates_total", engines.JOB,
                              "finish_reason"), "{{finish_reason}}"),), stack="normal"),
        )),
    ),
    (Variable("job", "label_values(stagebeam_generator_candidates_total"
              "{namespace=~\"$namespace\"}, job)", all_value=".*generator.*"),))
