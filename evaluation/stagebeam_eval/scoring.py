"""Which predictions are right.

What a row asks for follows from the row: options make it a choice; else its answer says whether it
wants yes or no, a number, or a short text.
"""

import dataclasses

from stagebeam_eval import choices, tables, texts, yes_no

KINDS = ("choice", "yes_no", "number", "text")


@dataclasses.dataclass(frozen=True)
class Score:
    """One question's; of a question in several orders of its options, all of them together."""

    row: tables.Row
    right: bool
    extracted: str  # What was understood; empty where nothing was.


def kind_of(row):
    """One of KINDS."""
    if row.options:
        return "choice"
    if row.answer.lower() in ("yes", "no"):
        return "yes_no"
    return "text" if texts.number(row.answer) is None else "number"


def extract(row, prediction):
    """What the prediction says, in the row's terms; empty where that is undecided."""
    kind = kind_of(row)
    if kind == "choice":
        return choices.chosen(prediction, row.options) or ""
    if kind == "yes_no":
        return yes_no.chosen(prediction) or ""
    return prediction.strip()


def is_right(row, prediction, tolerance=0.0):
    """`tolerance` is the share by which a number may be off."""
    kind, extracted = kind_of(row), extract(row, prediction)
    if kind == "number":
        return texts.same_number(row.answer, extracted, tolerance)
    if kind == "text":
        return texts.same_text(row.answer, extracted)
    return extracted.lower() == row.answer.lower()


def check_answers(table):
    """BadTable where a row has no answer to score against, or one that none of its options has."""
    for row in table.rows:
        place = f"{table.name}: index {row.index}: answer"
        if row.answer is None:
            raise tables.BadTable(f"{place}: is empty, so there is nothing to score against")
        if row.options and row.answer not in row.options:
            raise tables.BadTable(f"{place}: '{row.answer}' is none of the options "
                                  + ", ".join(row.options))


def score(table, predictions, tolerance=0.0):
    """A Score for each question, in the table's order. `predictions`: {index: text}, all rows.

    Circular, as MMBench is scored: a question whose options are there in several orders is right
    where every copy is; copies of a question that is not in the table do not count.
    """
    check_answers(table)
    copies = {}
    for row in table.rows:
        copies.setdefault(row.group if table.circular else row.index, []).append(row)
    right = {group: all(is_right(row, predictions[row.index], tolerance) for row in rows)
             for group, rows in copies.items()}
    return [Score(row, right[row.index], extract(row, predictions[row.index]))
            for row in table.rows if row.index in right]


def figure_shares(scores):
    """{"aAcc", "fAcc", "qAcc"} of HallusionBench: shares of questions, of figures and of questions
    over all their figures that are right throughout; None where the rows are not of its kind."""
    keys = [yes_no.figure_keys(one.row) for one in scores]
    if not scores or None in keys:
        return None
    shares = {"aAcc": share([one.right for one in scores])}
    for name, part in (("fAcc", 0), ("qAcc", 1)):
        groups = {}
        for key, one in zip(keys, scores, strict=True):
            groups.setdefault(key[part], []).append(one.right)
        shares[name] = share([all(rights) for rights in groups.values()])
    return shares


def share(rights):
    return sum(rights) / len(rights)
