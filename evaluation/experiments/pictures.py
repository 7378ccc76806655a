"""The document's pictures, as matplotlib figures."""

from matplotlib.figure import Figure
from stagebeam_eval import plots

from experiments.configurations import GREEDY

MARKS = "osD^v<>PX*hd"


def curve(sections):
    """Accuracy against sampled tokens: a line of the stage beam from one candidate on, and a mark
    for every other search."""
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.subplots()
    beams = [run for run in runs_of(sections, "candidates") if run["name"] != GREEDY.name]
    point(axes, beams, "stage beam", marker="o", linestyle="-")
    for run in beams:
        axes.annotate(run["name"], (run["cost"]["sampled_tokens"], 100 * run["accuracy"]["share"]),
                      xytext=(6, -12), textcoords="offset points")
    others = [run for name in ("candidates", "strategies", "adaptive")
              for run in runs_of(sections, name) if run not in beams]
    for number, run in enumerate(others):
        point(axes, [run], run["name"], marker=MARKS[number % len(MARKS)], linestyle="")
    axes.margins(x=0.1)  # Room for the names.
    axes.set_xlabel("sampled tokens a question")
    axes.set_ylabel("right, % (Wilson's 95 % interval)")
    figure.legend(loc="outside right upper")
    return figure


def runs_of(sections, name):
    return sections[name]["runs"] if name in sections else []


def point(axes, runs, label, **style):
    """Runs as one entry of the legend, with faint whiskers: they are of the same questions."""
    tokens = [run["cost"]["sampled_tokens"] for run in runs]
    shares, ends = plots.whiskers([run["accuracy"] for run in runs])
    bars = axes.errorbar(tokens, shares, yerr=ends, label=label, capsize=2, **style)
    for part in (*bars[1], *bars[2]):
        part.set_alpha(0.25)


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
