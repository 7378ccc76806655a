"""The document's pictures, as matplotlib figures."""

from matplotlib.figure import Figure
from stagebeam_eval import plots

CURVE = ("candidates", "strategies", "adaptive")


def curve(sections):
    """Accuracy against sampled tokens, a line for each search."""
    runs = {run["name"]: run for name in CURVE if name in sections
            for run in sections[name]["runs"]}
    return plots.against_cost({"table": "Accuracy for its price", "runs": list(runs.values())})


def by_category(section, title):
    return plots.by_group({**section, "table": title}, "category")


def of_duels(rows):
    """How often the right side won, by stage and run."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    names = list(dict.fromkeys(row["run"] for row in rows))
    for number, name in enumerate(names):
        mine = [row for row in rows if row["run"] == name]
        places = [stages.index(row["stage"]) + 0.7 * (number + 0.5) / len(names) - 0.35
                  for row in mine]
        shares, ends = plots.whiskers(mine)
        axes.errorbar(places, shares, yerr=ends, fmt="o", capsize=3, label=name)
    axes.axhline(50, color="gray", linewidth=1, linestyle="--")
    axes.set_xticks(range(len(stages)), stages)
    axes.set_ylabel("won by the right side, % (Wilson's 95 % interval)")
    figure.legend(loc="outside lower center", ncols=3)
    return figure
