"""What the rows of search.py say about one number of candidates."""

from summaries import median


def walls(rows, side):
    """{repeat: wall seconds} of a side."""
    return {row["repeat"]: row["wall_s"] for row in rows if row["side"] == side}


def fastest_peer(rows):
    """The peer with the shortest median, or None where none ran."""
    peers = {row["side"] for row in rows} - {"ours"}
    return min(peers, key=lambda side: median(walls(rows, side).values()), default=None)


def against_peer(rows, ours):
    """The fastest peer's times over ours, by rounds."""
    peer = fastest_peer(rows)
    theirs = [row for row in rows if row["side"] == peer]
    return {
        "peer": peer, "peer_s": median(row["wall_s"] for row in theirs),
        "peer_over_ours": median(row["wall_s"] / ours[row["repeat"]] for row in theirs),
        "peer_without_checks_over_ours": median(
            row["without_checks_s"] / ours[row["repeat"]] for row in theirs)}


def summarize(rows, candidates, first):
    """The medians of one N; `growth` is the time over that of N = `first`."""
    own = [row for row in rows if row["candidates"] == candidates]
    ours = walls(own, "ours")
    base = walls([row for row in rows if row["candidates"] == first], "ours")
    tokens = next(row["tokens"] for row in own if row["side"] == "ours")
    return {
        "candidates": candidates, "runs": len(ours), "ours_s": median(ours.values()),
        "ours_tokens_per_s": tokens / median(ours.values()), **against_peer(own, ours),
        "growth": median(ours[repeat] / base[repeat] for repeat in ours), "grown_from": first,
        "most_of_other_sides": max(row["other_cpu_s"] / row["wall_s"] for row in own),
        "highest_load": max(row["load"] for row in own)}
