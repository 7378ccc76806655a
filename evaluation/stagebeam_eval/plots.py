"""Pictures of a report, as matplotlib figures."""

from matplotlib.figure import Figure


def whiskers(accuracies):
    """(shares, distances to the intervals' ends) in percent, as errorbar takes them."""
    shares = [100 * one["share"] for one in accuracies]
    # Where all are right or none, rounding can put an end on the share's other side.
    return shares, [[100 * max(0.0, one["share"] - one["low"]) for one in accuracies],
                    [100 * max(0.0, one["high"] - one["share"]) for one in accuracies]]


def by_group(results, column):
    """Accuracy of every run by the values of a column, and over all."""
    groups = list(results["runs"][0]["groups"].get(column, {}))
    figure = Figure(figsize=(8, 1.5 + 0.3 * (len(groups) + 1) * len(results["runs"])),
                    layout="constrained")
    axes = figure.subplots()
    runs = results["runs"]
    for number, run in enumerate(runs):
        mine = [run["accuracy"], *(run["groups"][column][group] for group in groups)]
        places = [place + 0.8 * (number + 0.5) / len(runs) - 0.4 for place in range(len(mine))]
        shares, ends = whiskers(mine)
        axes.errorbar(shares, places, xerr=ends, fmt="o", capsize=3, label=run["name"])
    axes.set_yticks(range(len(groups) + 1), ["all", *groups])
    axes.invert_yaxis()
    axes.set_xlabel("right, % (Wilson's 95 % interval)")
    axes.set_title(results["table"])
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def against_cost(results):
    """Accuracy over sampled tokens a question: a line for each strategy, a point for each run."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    by_strategy = {}
    for run in results["runs"]:
        if run["cost"]["sampled_tokens"] is not None:
            by_strategy.setdefault(run["settings"]["strategy"], []).append(run)
    for strategy, runs in by_strategy.items():
        runs.sort(key=lambda run: run["cost"]["sampled_tokens"])
        tokens = [run["cost"]["sampled_tokens"] for run in runs]
        shares, ends = whiskers([run["accuracy"] for run in runs])
        axes.errorbar(tokens, shares, yerr=ends, fmt="o-", capsize=3, label=strategy)
        for run, x, y in zip(runs, tokens, shares, strict=True):
            axes.annotate(run["name"], (x, y), xytext=(6, 6), textcoords="offset points")
    axes.margins(x=0.15, y=0.1)  # Room for the names.
    axes.set_xlabel("sampled tokens a question")
    axes.set_ylabel("right, % (Wilson's 95 % interval)")
    axes.set_title(results["table"])
    if by_strategy:
        axes.legend()
    return figure
