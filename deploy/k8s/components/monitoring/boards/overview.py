"""The first look: how many questions, how well, how fast, and what takes the time."""

from .grafana import Board, Panel, Query, Row, level, quantile, rate

REQUESTS = "stagebeam_orchestrator_requests_total"
CALLS = "stagebeam_rpc_requests_total"
# Of callers' questions, refused ones too.
ANSWERS = 'method=~".*OrchestratorService/(Reason|StreamReason)"'
# Codes that are no fault of the caller's.
FAULTS = ('code=~"UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|ABORTED|UNIMPLEMENTED|INTERNAL'
          '|UNAVAILABLE|DATA_LOSS"')


def _latency(q):
    return quantile(q, "stagebeam_orchestrator_request_seconds", "", "strategy")


# A code that never came has no series, and stands for no fault.
ERROR_RATIO = f"({rate(CALLS, f'{ANSWERS}, {FAULTS}')} or vector(0)) / {rate(CALLS, ANSWERS)}"

BOARD = Board(
    "overview", "stagebeam / overview",
    "Questions, errors and latency by strategy, and where a question's time goes.",
    (
        Row("Questions", (
            Panel("Questions a second", "By strategy.", "reqps",
                  (Query(rate(REQUESTS, "", "strategy"), "{{strategy}}"),), stack="normal"),
            Panel("How they end", "By outcome.", "reqps",
                  (Query(rate(REQUESTS, "", "outcome"), "{{outcome}}"),), stack="normal"),
            Panel("Errors", "Share of calls that failed and were no fault of the caller's.",
                  "percentunit", (Query(ERROR_RATIO, "errors"),)),
            Panel("Running", "Calls in each service.", "short",
                  (Query(level("stagebeam_rpc_in_flight_calls", "", "job"), "{{job}}"),)),
            Panel("Missed deadlines", "Questions that had no answer in time.", "short",
                  (Query(rate(REQUESTS, 'outcome="deadline_exceeded"', "strategy"),
                         "{{strategy}}"),)),
            Panel("Degradations",
                  "What went wrong without costing the answer, a second.", "short",
                  (Query(rate("stagebeam_orchestrator_degradations_total", "", "kind"),
                         "{{kind}}"),)),
        )),
        Row("Latency of answered questions", (
            Panel("Median", "By strategy.", "s", (Query(_latency(0.5), "{{strategy}}"),)),
            Panel("95th percentile", "By strategy.", "s",
                  (Query(_latency(0.95), "{{strategy}}"),)),
            Panel("99th percentile", "By strategy.", "s",
                  (Query(_latency(0.99), "{{strategy}}"),)),
        )),
        Row("Where the time goes", (
            Panel("By service", "Whom answered searches waited for.", "percentunit",
                  (Query(rate("stagebeam_orchestrator_service_seconds_total", "", "service"),
                         "{{service}}"),), stack="percent"),
            Panel("By stage", "Expansions with their knock-outs; \"response\" is a whole answer.",
                  "percentunit",
                  (Query(rate("stagebeam_orchestrator_stage_seconds_sum", "", "stage"),
                         "{{stage}}"),), stack="percent"),
            Panel("By phase on the engines", "Waiting, prompts and sampling, of all calls.",
                  "percentunit", tuple(
                      Query(rate(f"stagebeam_engine_{phase}_seconds_sum"), phase)
                      for phase in ("queue", "prefill", "decode")), stack="percent"),
            Panel("Time of a stage", "95th percentile.", "s",
                  (Query(quantile(0.95, "stagebeam_orchestrator_stage_seconds", "", "stage"),
                         "{{stage}}"),)),
            Panel("Time in the queue", "95th percentile, by service.", "s",
                  (Query(quantile(0.95, "stagebeam_engine_queue_seconds", "", "job"),
                         "{{job}}"),)),
            Panel("Attempts on workers", "Of the orchestrators, by worker and code.", "short",
                  (Query(rate("stagebeam_orchestrator_worker_attempts_total", "",
                              "worker, code"), "{{worker}} {{code}}"),)),
        )),
        Row("Work", (
            Panel("Tokens a second", "Of answered questions, generator and judge.", "short",
                  (Query(rate("stagebeam_orchestrator_tokens_total", "", "kind"), "{{kind}}"),)),
            Panel("Sampled tokens of a question", "Median, by strategy.", "short",
                  (Query(quantile(0.5, "stagebeam_orchestrator_request_tokens",
                                  'kind="generated"', "strategy"), "{{strategy}}"),)),
            Panel("Candidates and duels a question", "Mean.", "short", tuple(
                Query(rate(f"stagebeam_orchestrator_{what}_total") + " / "
                      + rate("stagebeam_orchestrator_request_seconds_count"), what)
                for what in ("candidates", "duels"))),
        )),
        Row("Replicas, as orchestrators see them", (
            Panel("Serving", "The least that any orchestrator has, by service.", "short",
                  (Query(level("stagebeam_worker_replicas", 'state="serving"', "service", "min"),
                         "{{service}}"),)),
            Panel("Not usable", "Unreachable, or ejected after failures.", "short",
                  (Query(level("stagebeam_worker_replicas",
                               'state=~"connecting|unreachable|ejected|leaving"',
                               "service, state", "max"), "{{service}} {{state}}"),)),
            Panel("Sessions that moved",
                  "Calls answered by another replica than the session's last, by why.", "short",
                  (Query(rate("stagebeam_session_moves_total", "", "service, reason"),
                         "{{service}} {{reason}}"),), stack="normal"),
        )),
        Row("Processes", (
            Panel("Replicas", "Processes that are scraped, by job.", "short",
                  (Query(level("stagebeam_build_info", "", "job"), "{{job}}"),)),
            Panel("Restarts", "Starts in the last 10 minutes, by job.", "short",
                  (Query('sum by (job) (changes(stagebeam_process_start_time_seconds'
                         '{namespace=~"$namespace"}[10m]))', "{{job}}"),)),
            Panel("Spans", "Of traces, by what became of them.", "short",
                  (Query(rate("stagebeam_spans_total", "", "outcome"), "{{outcome}}"),),
                  stack="normal"),
        )),
    ))
