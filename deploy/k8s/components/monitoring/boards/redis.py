"""Redis as its clients see it, which is what costs time, and as it sees itself."""

from .caches import GETS, hit_ratio
from .grafana import Board, Panel, Query, Row, level, quantile, rate

TIER = 'tier="redis"'
SERVER = 'job=~".*redis"'  # What the exporter beside each Redis says.

BOARD = Board(
    "redis", "stagebeam / Redis",
    "Whether Redis answers, how fast, and how often it has what is asked for.",
    (
        Row("Health", (
            Panel("Left alone", "Breakers that are open, over all clients. 0 is well.", "short",
                  (Query(level("stagebeam_redis_open_breakers", "", "job"), "{{job}}"),)),
            Panel("Breakers opened", "In the last 5 minutes.", "short",
                  (Query('sum by (job) (increase(stagebeam_redis_breaker_openings_total'
                         '{namespace=~"$namespace"}[5m]))', "{{job}}"),)),
            Panel("Servers", "That a client of each service spreads keys over; all must agree.",
                  "short",
                  (Query(level("stagebeam_redis_servers", "", "job", "max"), "{{job}}"),)),
        )),
        Row("Look-ups", (
            Panel("Look-ups", "By how they ended.", "short",
                  (Query(rate(GETS, TIER, "outcome"), "{{outcome}}"),), stack="normal"),
            Panel("Found", "Share of look-ups, by service.", "percentunit",
                  (Query(hit_ratio("job", TIER), "{{job}}"),), maximum=1),
            Panel("Time of a look-up", "Transfer of the features included.", "s", (
                Query(quantile(0.5, "stagebeam_feature_store_get_seconds", TIER), "p50"),
                Query(quantile(0.95, "stagebeam_feature_store_get_seconds", TIER), "p95"))),
        )),
        Row("Writes", (
            Panel("Writes", "By how they ended.", "short",
                  (Query(rate("stagebeam_feature_store_puts_total", TIER, "outcome"),
                         "{{outcome}}"),), stack="normal"),
            Panel("Time of a write", "Transfer of the features included.", "s", (
                Query(quantile(0.5, "stagebeam_feature_store_put_seconds", TIER), "p50"),
                Query(quantile(0.95, "stagebeam_feature_store_put_seconds", TIER), "p95"))),
            Panel("Transfer", "Bytes of features.", "Bps", (
                Query(rate("stagebeam_feature_store_read_bytes_total", TIER), "read"),
                Query(rate("stagebeam_feature_store_written_bytes_total", TIER), "written"))),
        )),
        Row("The servers themselves", (
            Panel("Memory", "Used, against the limit where the least used pictures go.", "bytes", (
                Query(level("redis_memory_used_bytes", SERVER), "used"),
                Query(level("redis_memory_max_bytes", SERVER), "limit"))),
            Panel("Features that went", "Evicted or out of time, a second.", "short", (
                Query(rate("redis_evicted_keys_total", SERVER), "evicted"),
                Query(rate("redis_expired_keys_total", SERVER), "expired"))),
            Panel("Commands and connections", "A second, and open ones.", "short", (
                Query(rate("redis_commands_processed_total", SERVER), "commands"),
                Query(level("redis_connected_clients", SERVER), "connections"))),
        )),
    ))
