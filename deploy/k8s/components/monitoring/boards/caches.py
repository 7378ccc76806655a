"""The encoder, and the tiers that features come from."""

from .grafana import Board, Panel, Query, Row, level, quantile, rate

GETS = "stagebeam_feature_store_gets_total"
METHOD = 'method=~".*/EncodeImage"'


def hit_ratio(by, labels=""):
    """Hits among the look-ups that a tier answered."""
    hits = ", ".join(part for part in ('outcome="hit"', labels) if part)
    return f"{rate(GETS, hits, by)} / {rate(GETS, labels, by)}"


BOARD = Board(
    "encoder-and-caches", "stagebeam / encoder and caches",
    "How often pictures are encoded, how long it takes, and where features are found.",
    (
        Row("Encoder", (
            Panel("Encodings", "Pictures encoded a second, and calls that shared one.", "short", (
                Query(rate("stagebeam_encoder_encodings_total"), "encoded"),
                Query(rate("stagebeam_encoder_joined_calls_total"), "shared"))),
            Panel("Time of an encoding", "Decoding, tiling and the vision tower.", "s", (
                Query(quantile(0.5, "stagebeam_encoder_encode_seconds"), "p50"),
                Query(quantile(0.95, "stagebeam_encoder_encode_seconds"), "p95"))),
            Panel("Encodings at a time", "Waiting ones for long: one more encoder.", "short", (
                Query(level("stagebeam_encoder_running_encodings"), "running"),
                Query(level("stagebeam_encoder_waiting_encodings"), "waiting"))),
            Panel("Calls by code", "Of EncodeImage.", "reqps",
                  (Query(rate("stagebeam_rpc_requests_total", METHOD, "code"), "{{code}}"),)),
            Panel("Time of a call", "Cached pictures included.", "s", (
                Query(quantile(0.5, "stagebeam_rpc_seconds", METHOD), "p50"),
                Query(quantile(0.95, "stagebeam_rpc_seconds", METHOD), "p95"))),
            Panel("Pictures of answered questions", "From a cache, or encoded for them.", "short",
                  (Query(rate("stagebeam_orchestrator_pictures_total", "", "source"),
                         "{{source}}"),), stack="normal"),
        )),
        Row("Caches", (
            Panel("Found", "Share of look-ups that a tier answers; by service.", "percentunit",
                  (Query(hit_ratio("job, tier"), "{{job}} {{tier}}"),), maximum=1),
            Panel("Look-ups", "By tier and how they ended.", "short",
                  (Query(rate(GETS, "", "tier, outcome"), "{{tier}} {{outcome}}"),)),
            Panel("Time of a look-up", "95th percentile, by tier.", "s",
                  (Query(quantile(0.95, "stagebeam_feature_store_get_seconds", "", "tier"),
                         "{{tier}}"),)),
            Panel("Features in the encoder's memory", "Held, against what there is room for.",
                  "bytes", (
                      Query(level("stagebeam_feature_memory_used_bytes"), "used"),
                      Query(level("stagebeam_feature_memory_capacity_bytes"), "room"))),
            Panel("Bytes found", "By tier.", "Bps",
                  (Query(rate("stagebeam_feature_store_read_bytes_total", "", "tier"),
                         "{{tier}}"),)),
            Panel("Bytes kept", "By tier.", "Bps",
                  (Query(rate("stagebeam_feature_store_written_bytes_total", "", "tier"),
                         "{{tier}}"),)),
        )),
    ))
