"""What came of the runs, as JSON can keep it."""

from stagebeam_eval import journals, results, statistics, tables

from experiments import duels

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
        stages = duels.decided(table, answers)
        if len(stages) > 1:
            stages["all"] = [hit for hits in stages.values() for hit in hits]
        rows += [{"run": run.name, "stage": stage, **won(hits)} for stage, hits in stages.items()]
    return rows


def won(hits):
    low, high = statistics.wilson(sum(hits), len(hits))
    return {"duels": len(hits), "right": sum(hits), "share": sum(hits) / len(hits),
            "low": float(low), "high": float(high)}


def best_affordable(section):
    """The name of the run that is right most often at AFFORDABLE of the base's tokens; None where
    none costs that little."""
    base, *others = section["runs"]
    most = AFFORDABLE * base["cost"]["sampled_tokens"]
    affordable = [run for run in others if run["cost"]["sampled_tokens"] <= most]
    best = max(affordable, key=lambda run: run["accuracy"]["right"], default=None)
    return best and best["name"]


def models(setting, table, runs):
    """Names and digests of the checkpoints that answered."""
    answers = [answer for run in runs
               for answer in journals.read(setting.folder(table, run))[1].values()]
    return sorted({answer["model"] for answer in answers if "model" in answer})
