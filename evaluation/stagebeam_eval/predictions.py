"""A run's predictions for other programs: the table's columns and the prediction, as VLMEvalKit
writes them, in Excel's format and as JSON lines."""

import json

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

LONGEST_CELL = 32767  # Excel's.


def write(folder, table, answers):
    """predictions.xlsx and predictions.jsonl, rows in the table's order."""
    columns = list({column: None for row in table.rows for column in row.cells})
    columns.append("prediction")
    rows = [{**row.cells, "prediction": answers[row.index]["prediction"]} for row in table.rows]
    replace(folder / "predictions.jsonl", lambda path: path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)))
    replace(folder / "predictions.xlsx", lambda path: sheet(columns, rows).save(path))


def replace(path, make):
    """Whoever reads the file meanwhile has the old one or the new one, whole."""
    draft = path.with_name(f".{path.name}.draft")
    make(draft)
    draft.replace(path)


def sheet(columns, rows):
    book = openpyxl.Workbook()
    page = book.active
    page.append(columns)
    for number, row in enumerate(rows, start=2):
        for place, column in enumerate(columns, start=1):
            fill(page.cell(number, place), row.get(column))
    return book


def fill(cell, value):
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL]
    cell.data_type = "s"  # "=1+1" is an answer, not a formula.
