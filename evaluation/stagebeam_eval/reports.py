"""A report: report.md, report.json, and pictures beside them."""

import json

from stagebeam_eval import plots, results


def write(folder, figures):
    """`figures`: as results.collect makes them."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = [column for column in results.GROUPS if column in figures["runs"][0]["groups"]]
    pictures = {"accuracy_against_cost.png": plots.against_cost(figures)}
    for column in columns:
        pictures[f"accuracy_by_{column}.png"] = plots.by_group(figures, column)
    for name, picture in pictures.items():
        picture.savefig(folder / name, dpi=120)
    (folder / "report.json").write_text(json.dumps(figures, indent=2) + "\n")
    (folder / "report.md").write_text("\n".join(markdown(figures, pictures)) + "\n")


def table(heads, rows):
    """The lines of a Markdown table and an empty one."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def markdown(figures, pictures):
    yield from head(figures)
    yield from accuracy(figures)
    for column in figures["runs"][0]["groups"]:
        yield from by_group(figures, column)
    yield from hallusion(figures)
    yield from comparisons(figures)
    yield from costs(figures)
    yield from (f"![{name}]({name})" for name in pictures)


def head(figures):
    yield f"# {figures['table']}"
    yield ""
    orders = (" Options in several orders: a question is right where it is in all of them."
              if figures["circular"] else "")
    yield (f"{figures['questions']} questions asked, {figures['skipped']} left out for want of a "
           f"picture.{orders} Intervals are Wilson's, of 95 %.")
    yield ""


def accuracy(figures):
    yield from table(
        ["run", "settings", "questions", "right, %", "undecided", "errors"],
        [[run["name"], described(run["settings"]), str(run["accuracy"]["questions"]),
          percent(run["accuracy"]), str(run["undecided"]), str(run["errors"])]
         for run in figures["runs"]])


def described(settings):
    """"stage-beam, seed 1, candidates 4, survivors 1": what is set."""
    left_out = {"strategy"} if settings["max_candidate_tokens"] else {
        "strategy", "max_candidate_tokens"}
    rest = [f"{name} {value}" for name, value in settings.items()
            if name not in left_out and value is not None]
    return ", ".join([settings["strategy"], *rest])


def percent(one):
    return f"{100 * one['share']:.1f} ({100 * one['low']:.1f} to {100 * one['high']:.1f})"


def by_group(figures, column):
    runs = figures["runs"]
    yield f"## By {column}"
    yield ""
    yield from table(
        [column, "questions", *(f"{run['name']}, %" for run in runs)],
        [[value, str(one["questions"]), *(percent(run["groups"][column][value]) for run in runs)]
         for value, one in runs[0]["groups"][column].items()])


def hallusion(figures):
    """Shares of HallusionBench; nothing for other tables."""
    if figures["runs"][0]["figures"] is None:
        return
    yield from table(
        ["run", "aAcc, %", "fAcc, %", "qAcc, %"],
        [[run["name"], *(f"{100 * run['figures'][name]:.1f}" for name in ("aAcc", "fAcc", "qAcc"))]
         for run in figures["runs"]])


def comparisons(figures):
    if not figures["comparisons"]:
        return
    yield f"## Against {figures['comparisons'][0]['base']}"
    yield ""
    yield ("Question by question: the difference with a bootstrap interval, exact McNemar tests, "
           "Holm's correction.")
    yield ""
    yield from comparison_table(figures)


def comparison_table(figures):
    yield from table(
        ["run", "gained", "lost", "difference, points", "p", "p, Holm"],
        [[one["run"], str(one["gained"]), str(one["lost"]), difference(one), f"{one['p']:.2g}",
          f"{one['p_holm']:.2g}"] for one in figures["comparisons"]])


def difference(one):
    """A comparison's, in points, with its interval."""
    return f"{100 * one['difference']:+.1f} ({100 * one['low']:+.1f} to {100 * one['high']:+.1f})"


def costs(figures):
    yield "## Cost of a question"
    yield ""
    yield from table(
        ["run", *(field.replace("_", " ") for field in results.COSTS)],
        [[run["name"], *(number(run["cost"][field]) for field in results.COSTS)]
         for run in figures["runs"]])


def number(value):
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"
