"""Panels that generators and judges share: both run the same engine."""

from .grafana import Panel, Query, Row, level, quantile, rate

JOB = 'job=~"$job"'


def batch():
    """How many sequences are decoded together, and how long one step takes."""
    step_count = rate("stagebeam_engine_decode_step_seconds_count", JOB, "job")
    return Row("Batch", (
        Panel("Running", "Sequences that are decoded together, and the calls that want them.",
              "short", (
                  Query(level("stagebeam_engine_running_branches", JOB, "job"),
                        "{{job}} sequences"),
                  Query(level("stagebeam_engine_running_calls", JOB, "job"), "{{job}} calls"))),
        Panel("Tokens in a decode step",
              "Mean batch of a step. Low under load: too many replicas, or too little memory.",
              "short",
              (Query(f"{rate('stagebeam_engine_decode_tokens_total', JOB, 'job')} / {step_count}",
                     "{{job}}"),)),
        Panel("Time of a decode step", "Time between two tokens of a sequence.", "s", (
            Query(quantile(0.5, "stagebeam_engine_decode_step_seconds", JOB, "job"),
                  "{{job}} p50"),
            Query(quantile(0.95, "stagebeam_engine_decode_step_seconds", JOB, "job"),
                  "{{job}} p95"))),
    ))


def queue():
    """Who waits, and for how long."""
    return Row("Queue", (
        Panel("Time in the queue",
              "Until a call got its place or gave up. What replicas are scaled by.", "s", (
                  Query(quantile(0.5, "stagebeam_engine_queue_seconds", JOB, "job"),
                        "{{job}} p50"),
                  Query(quantile(0.95, "stagebeam_engine_queue_seconds", JOB, "job"),
                        "{{job}} p95"))),
        Panel("Waiting", "Calls without a place, and the sequences that they want.", "short", (
            Query(level("stagebeam_engine_waiting_calls", JOB, "job"), "{{job}} calls"),
            Query(level("stagebeam_engine_waiting_branches", JOB, "job"),
                  "{{job}} sequences"))),
        Panel("A call's seconds, by phase",
              "Seconds that calls spend waiting, computing prompts and sampling, each second.",
              "short", tuple(
                  Query(rate(f"stagebeam_engine_{phase}_seconds_sum", JOB), phase)
                  for phase in ("queue", "prefill", "decode")), stack="normal"),
    ))


def memory():
    """Keys and values, and what is saved by keeping them."""
    used = level("stagebeam_engine_kv_used_bytes", JOB, "job")
    room = level("stagebeam_engine_kv_capacity_bytes", JOB, "job")
    reused = rate("stagebeam_engine_prefix_tokens_reused_total", JOB, "job")
    computed = rate("stagebeam_engine_prefix_tokens_computed_total", JOB, "job")
    return Row("Keys and values", (
        Panel("Memory", "Bytes of keys and values held, against what there is room for.",
              "bytes", (Query(used, "{{job}} used"), Query(room, "{{job}} room"))),
        Panel("Fullest replica",
              "Kept prefixes fill the memory in time and go as others need it.",
              "percentunit",
              (Query("max by (job) (" + level("stagebeam_engine_kv_used_bytes", JOB,
                                              "job, instance")
                     + " / " + level("stagebeam_engine_kv_capacity_bytes", JOB, "job, instance")
                     + ")", "{{job}}"),), maximum=1),
        Panel("Prompt tokens not computed again",
              "Falls where sessions move between replicas, or memory is short.", "percentunit",
              (Query(f"{reused} / ({reused} + {computed})", "{{job}}"),), maximum=1),
    ))


def tokens():
    """What comes out."""
    return Row("Tokens", (
        Panel("Sampled tokens", "Of steps, whether or not their call ends well.", "short",
              (Query(rate("stagebeam_engine_decode_tokens_total", JOB, "job"),
                     "{{job}} a second"),)),
        Panel("Prompt tokens", "Computed, by step.", "short",
              (Query(rate("stagebeam_engine_prefill_tokens_total", JOB, "job"),
                     "{{job}} a second"),)),
        Panel("Prefill and decode of a call", "95th percentile.", "s", (
            Query(quantile(0.95, "stagebeam_engine_prefill_seconds", JOB, "job"),
                  "{{job}} prefill"),
            Query(quantile(0.95, "stagebeam_engine_decode_seconds", JOB, "job"),
                  "{{job}} decode"))),
    ))
