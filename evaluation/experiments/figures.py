"""What came of the runs, as JSON can keep it."""

import dataclasses

from stagebeam_eval import journals, results, statistics, tables

from experiments import duels, signals

# Of the sampled tokens of the section's base.
AFFORDABLE = 0.6


def of_section(setting, table, section):
    """As results.collect: accuracy and cost of every run, each compared with the first."""
    return results.collect(table, [setting.folder(table, run) for run in section.runs])


def of_duels(setting, path, runs):
    """[{run, stage, duels, right, share, low, high}] of every run, its stages and all together."""
    table, rows = tables.read(path), []
    for run in runs:
        _, answers = journals.read(setting.folder(path, run))
        rows += by_stage(run.name, duels.decided(table, answers))
    return rows


def by_stage(name, stages):
    """A row for each stage, and one for all where there are several."""
    if len(stages) > 1:
        stages = {**stages, "all": [hit for hits in stages.values() for hit in hits]}
    return [{"run": name, "stage": stage, **won(hits)} for stage, hits in stages.items()]


def of_signals(setting, path, run):
    """[{stage, fought, wrong, confidence, likelihood}]: how well either tells stages that were
    chosen rightly from those that were not; None where all were one or the other."""
    _, answers = journals.read(setting.folder(path, run))
    return [{"stage": stage, "fought": len(found), "wrong": sum(not one.right for one in found),
             **{signal: signals.told_apart(found, signal)
                for signal in ("confidence", "likelihood")}}
            for stage, found in signals.chosen(tables.read(path), answers).items()]


def won(hits):
    low, high = statistics.wilson(sum(hits), len(hits))
    return {"duels": len(hits), "right": sum(hits), "share": sum(hits) / len(hits),
            "low": float(low), "high": float(high)}


def worth_confirming(section):
    """Names of runs at AFFORDABLE of the base's tokens, each once: the first, the one that is as
    good as the base most surely, and the one that is right most often. [] where none cost that
    little."""
    base, *others = section["runs"]
    most = AFFORDABLE * base["cost"]["sampled_tokens"]
    affordable = {run["name"]: run["accuracy"]["right"] for run in others
                  if run["cost"]["sampled_tokens"] <= most}
    if not affordable:
        return []
    apart = {one["run"]: max(-one["low"], one["high"]) for one in section["comparisons"]}
    return list(dict.fromkeys([next(iter(affordable)), min(affordable, key=apart.get),
                               max(affordable, key=affordable.get)]))


def together(section, confirmation):
    """The section's first run against its base on the questions of both: {run, questions, gained,
    lost, difference, low, high, p}. None where it was not confirmed.

    The other runs were confirmed for what came of the section's questions, which thus say too much
    good of them; the first one's settings are the server's own whatever comes of any.
    """
    name = section["runs"][1]["name"]
    pair = [one for part in (section, confirmation) for one in part["comparisons"]
            if one["run"] == name]
    if len(pair) < 2:
        return None
    questions = section["questions"] + confirmation["questions"]
    gained, lost = (sum(one[change] for one in pair) for change in ("gained", "lost"))
    return {"run": name, "questions": questions,
            **dataclasses.asdict(statistics.of_counts(gained, lost, questions))}


def models(setting, table, runs):
    """Names and digests of the checkpoints that answered."""
    answers = [answer for run in runs
               for answer in journals.read(setting.folder(table, run))[1].values()]
    return sorted({answer["model"] for answer in answers if "model" in answer})
