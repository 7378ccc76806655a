"""What came of runs over one table: accuracy, cost and paired comparisons, as JSON can keep it."""

import hashlib

from stagebeam_eval import journals, scoring, statistics, tables

GROUPS = ("split", "l2-category", "category")
COSTS = ("sampled_tokens", "prompt_tokens", "candidates", "duels", "seconds")


class BadRun(ValueError):
    """A run that cannot be reported on; one line that says why."""


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def collect(path, folders, tolerance=0.0, seed=1):
    """The report's figures. `folders`: of finished runs over the table; the first is the base.

    tables.BadTable, journals.BadJournal, BadRun or OSError where there is nothing to report.
    """
    table, sha256 = tables.read(path), digest(path)
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise BadRun("two of the runs have folders of one name: " + ", ".join(names))
    answers = {name: read(folder, table, sha256)
               for name, folder in zip(names, folders, strict=True)}
    scores = {name: scored(table, mine, tolerance) for name, (_, mine) in answers.items()}
    return {"table": table.name, "table_sha256": sha256, "questions": len(table.rows),
            "skipped": table.skipped, "circular": table.circular, "tolerance": tolerance,
            "runs": [one_run(name, *answers[name], scores[name]) for name in names],
            "comparisons": compare(scores, seed)}


def read(folder, table, sha256):
    """(settings, {index: answer}) of a run that has all of the table's answers."""
    run, answers = journals.read(folder)
    if run.get("table_sha256") != sha256:
        raise BadRun(f"{folder}: is a run over another table, {run.get('table')!r}")
    missing = [row.index for row in table.rows if row.index not in answers]
    if missing:
        raise BadRun(f"{folder}: has no answer of index {missing[0]} and {len(missing) - 1} more; "
                     "finish the run first")
    return run, answers


def scored(table, answers, tolerance):
    return scoring.score(
        table, {index: answer["prediction"] for index, answer in answers.items()}, tolerance)


def one_run(name, settings, answers, scores):
    return {"name": name,
            "settings": {key: value for key, value in settings.items()
                         if key not in ("id", "table", "table_sha256")},
            "errors": sum("error" in answer for answer in answers.values()),
            "undecided": sum(not one.extracted for one in scores),
            "accuracy": accuracy(scores), "groups": grouped(scores),
            "figures": scoring.figure_shares(scores),
            "cost": {field: mean(answers.values(), field) for field in COSTS}}


def accuracy(scores):
    """Of some questions, with Wilson's interval."""
    right = sum(one.right for one in scores)
    low, high = statistics.wilson(right, len(scores))
    return {"questions": len(scores), "right": right, "share": right / len(scores),
            "low": float(low), "high": float(high)}


def grouped(scores):
    """{column: {value: accuracy}} of the columns that the table has."""
    result = {}
    for column in GROUPS:
        values = sorted({one.row.text(column) for one in scores} - {None})
        if values:
            result[column] = {value: accuracy([one for one in scores
                                               if one.row.text(column) == value])
                              for value in values}
    return result


def mean(answers, field):
    """Over the answers that came; None where none did."""
    values = [answer[field] for answer in answers if field in answer]
    return sum(values) / len(values) if values else None


def compare(scores, seed):
    """Every run against the first, question by question, corrected for their number."""
    (base, first), *others = scores.items()
    rights = [one.right for one in first]
    compared = [(name, statistics.compare(rights, [one.right for one in mine], seed=seed))
                for name, mine in others]
    corrected = statistics.holm([one.p for _, one in compared])
    return [{"base": base, "run": name, "gained": one.gained, "lost": one.lost,
             "difference": one.difference, "low": one.low, "high": one.high, "p": one.p,
             "p_holm": holm} for (name, one), holm in zip(compared, corrected, strict=True)]
