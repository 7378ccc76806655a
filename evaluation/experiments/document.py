"""docs/experiments.md: the template's words with the runs' figures put in."""

import json
import pathlib
import re

from stagebeam_eval import reports

from experiments import pictures
from experiments.configurations import FORMS

TEMPLATE = pathlib.Path(__file__).with_name("experiments.md.in")
PLACE = re.compile(r"\{\{(\w+)\}\}")
ABSENT = "*Not part of this run.*"
EQUIVALENT = 0.01  # Of all questions: what a difference may be that makes no difference.


def write(docs, found):
    """`found`: the whole of the figures, as main collects them. Writes experiments.md, and beside
    it a folder with pictures and the figures as JSON."""
    folder = docs / "experiments"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(found, indent=1) + "\n")
    drawn = draw(folder, found)
    values = {**scalars(found), **drawn, **tables(found)}
    text = PLACE.sub(lambda place: values.get(place.group(1), ABSENT), TEMPLATE.read_text())
    (docs / "experiments.md").write_text(text)


def scalars(found):
    return {"questions": f"{found['questions']:,}", "confirmed": f"{found['confirmed']:,}",
            "temperature": f"{found['temperature']:g}",
            "models": ", ".join(f"`{model}`" for model in found["models"]),
            "errors": str(errors(found) or "none")}


def errors(found):
    """Answers that did not come and count as wrong."""
    sections = [*found["sections"].values(), found["confirmation"] or {"runs": []}]
    return sum(run["errors"] for one in sections for run in one["runs"])


def tables(found):
    """{place: Markdown}"""
    result = {name: section(one) for name, one in found["sections"].items()}
    if found["duels"]:
        result["duels"] = joined(duel_table(found["duels"]))
    if found["signals"]:
        result["signals"] = joined(signal_table(found["signals"]))
    if found["confirmation"]:
        result["confirmation"] = f"{section(found['confirmation'])}\n\n{equivalences(found)}"
    if found["together"]:
        result["together"] = of_all(found["together"])
    return result


def equivalences(found):
    """A sentence on each run that was confirmed."""
    (base, *others), comparisons = (found["confirmation"][name] for name in ("runs", "comparisons"))
    return "\n".join(equivalence(base, *pair) for pair in zip(others, comparisons, strict=True))


def equivalence(base, other, compared):
    """A sentence on whether a run is as good as its base."""
    share = other["cost"]["sampled_tokens"] / base["cost"]["sampled_tokens"]
    return (f"`{other['name']}` samples {100 * share:.0f} % of `{base['name']}`'s tokens, and the "
            f"interval of the difference, {reports.difference(compared)} points, "
            f"{verdict(compared['low'], compared['high'])}.")


def of_all(compared):
    """A sentence on the run that all questions may speak of."""
    return (f"On all {compared['questions']:,} questions the difference of `{compared['run']}` is "
            f"{reports.difference(compared)} points (gained {compared['gained']}, lost "
            f"{compared['lost']}, p = {compared['p']:.2g}); its interval "
            f"{verdict(compared['low'], compared['high'])}.")


def verdict(low, high):
    """What an interval of a difference says, less its subject."""
    margin = f"{100 * EQUIVALENT:.0f} point"
    if low > 0:
        return "lies above none: better"
    if low < -EQUIVALENT:
        return f"does not lie within {margin} of none"
    if high > EQUIVALENT:
        return f"lies less than {margin} below none and more than that above: no worse, or better"
    return f"lies within {margin} of none"


def joined(lines):
    return "\n".join(lines).rstrip()


def section(one):
    return joined([*accuracies(one), *reports.comparison_table(one)])


def accuracies(one):
    """The lines of a table: who is right how often, and what it takes."""
    categories = list(one["runs"][0]["groups"]["category"])
    base = one["runs"][0]["cost"]["sampled_tokens"]
    yield from reports.table(
        ["run", "right, %", *categories, "sampled tokens", "of the first's", "candidates", "duels"],
        [[run["name"], reports.percent(run["accuracy"]),
          *(f"{100 * run['groups']['category'][name]['share']:.1f}" for name in categories),
          f"{run['cost']['sampled_tokens']:.0f}", f"{run['cost']['sampled_tokens'] / base:.2f}",
          reports.number(run["cost"]["candidates"]), reports.number(run["cost"]["duels"])]
         for run in one["runs"]])


def duel_table(rows):
    yield from reports.table(
        ["run", "stage", "duels", "won by the right side, %"],
        [[row["run"], row["stage"], str(row["duels"]), reports.percent(row)] for row in rows])


def signal_table(rows):
    yield from reports.table(
        ["stage", "fought for", "chosen wrongly", "told by the judge's confidence",
         "told by likelihood"],
        [[row["stage"], str(row["fought"]), str(row["wrong"]),
          *("" if row[signal] is None else f"{row[signal]:.2f}"
            for signal in ("confidence", "likelihood"))] for row in rows])


def draw(folder, found):
    """Saves the pictures; {place: Markdown of one}."""
    made = {"curve": pictures.curve(found["sections"])}
    forms = [found["sections"][name] for steps in FORMS
             if (name := f"forms_{steps}_greedy") in found["sections"]]
    if forms:
        made["forms_picture"] = pictures.by_category(
            {**forms[0], "runs": [run for one in forms for run in one["runs"]]},
            "What the answer looks like, at temperature 0")
    if found["duels"]:
        made["duels_picture"] = pictures.of_duels(found["duels"])
    for name, picture in made.items():
        picture.savefig(folder / f"{name}.png", dpi=110)
    return {name: f"![{name}](experiments/{name}.png)" for name in made}
