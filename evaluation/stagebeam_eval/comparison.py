"""Strategies over the same questions, with error bars, as Markdown."""

from stagebeam_eval import answers, statistics


def percent(rows):
    """The share that is right, with its interval."""
    right = sum(row["right"] for row in rows)
    low, high = statistics.wilson(right, len(rows))
    return f"{100 * right / len(rows):.1f} ({100 * low:.1f} to {100 * high:.1f})"


def mean(rows, field):
    values = [row[field] for row in rows if field in row]
    return f"{sum(values) / len(values):.1f}" if values else "-"


def shares(by_strategy):
    """The first table's lines."""
    everything = [row for mine in by_strategy.values() for row in mine.values()]
    sources = sorted({row["source"] for row in everything if "source" in row})
    yield "| strategy | answers | right, % | " + "".join(
        f"{source} | " for source in sources) + "tokens | seconds |"
    yield "| --- " * (5 + len(sources)) + "|"
    for strategy, mine in by_strategy.items():
        rows = list(mine.values())
        cells = [strategy, str(len(rows)), percent(rows)]
        for source in sources:
            some = [row for row in rows if row.get("source") == source]
            cells.append(percent(some) if some else "-")
        cells += [mean(rows, "sampled_tokens"), mean(rows, "seconds")]
        yield "| " + " | ".join(cells) + " |"


def comparisons(by_strategy, seed):
    """The second table's lines; none where there is one strategy."""
    (first, base), *others = by_strategy.items()
    results = [statistics.compare(*answers.paired(base, mine), seed=seed) for _, mine in others]
    if not results:
        return
    yield f"| against {first} | gained | lost | difference, points | p | p, Holm |"
    yield "| --- " * 6 + "|"
    corrected = statistics.holm([one.p for one in results])
    for (strategy, _), one, holm in zip(others, results, corrected, strict=True):
        yield (f"| {strategy} | {one.gained} | {one.lost} | {100 * one.difference:+.1f} "
               f"({100 * one.low:+.1f} to {100 * one.high:+.1f}) | {one.p:.2g} | {holm:.2g} |")


def lines(path, seed):
    """Both tables about the answers in a file; answers.BadAnswers or OSError where it has none."""
    by_strategy = answers.read(path)
    return [*shares(by_strategy), "", *comparisons(by_strategy, seed)]
