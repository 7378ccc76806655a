"""Answers that were kept as JSON lines, one object an answer.

Fields: `strategy`, `question` (its number), `right` (true or false); `source`, `sampled_tokens`,
`seconds` where they are known.
"""

import json

NEEDED = {"strategy": str, "question": int, "right": bool}


class BadAnswers(ValueError):
    """A line that is no answer, or answers that cannot be compared."""


def read(path):
    """{strategy: {question: row}}, strategies in the order of the file."""
    answers = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        row = checked(line, f"{path}:{number}")
        mine = answers.setdefault(row["strategy"], {})
        if row["question"] in mine:
            raise BadAnswers(f"{path}:{number}: question {row['question']} of "
                             f"{row['strategy']!r} is there twice")
        mine[row["question"]] = row
    if not answers:
        raise BadAnswers(f"{path}: no answers in it")
    return answers


def checked(line, where):
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadAnswers(f"{where}: {error}") from error
    for field, kind in NEEDED.items():
        if not isinstance(row, dict) or type(row.get(field)) is not kind:
            raise BadAnswers(f"{where}: {field}: must be {kind.__name__}")
    return row


def paired(base, other):
    """Two lists of right or wrong over the same questions, in the same order."""
    if base.keys() != other.keys():
        missing = sorted(base.keys() ^ other.keys())
        raise BadAnswers(f"question {missing[0]} has an answer of one strategy only")
    questions = sorted(base)
    return ([base[question]["right"] for question in questions],
            [other[question]["right"] for question in questions])
