"""Benchmarks in VLMEvalKit's format: a TSV file, one row a question.

Columns: `index`; `image`, a base64 file or the index of the row whose picture it shares;
`question`; and where a benchmark has them `hint`, options in `A`, `B`, …, `answer`, `category`,
`l2-category`, `split`. Cells are read as the toolkit reads them, by pandas, so that an option "3"
beside an empty one is "3.0" here and there, and "N/A" is an empty cell here and there.
"""

import ast
import base64
import binascii
import dataclasses
import functools
import string

import pandas

NEEDED = ("index", "image", "question")
# The toolkit's line between an index and a picture.
LONGEST_REFERENCE = 64
# Copies of a question with its options moved on have its index and a multiple of this.
CIRCLE = 1_000_000


class BadTable(ValueError):
    """A table that cannot be read; one line that names the row and the field."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One question."""

    index: str
    picture: str  # The index of the row that holds it.
    question: str
    options: dict  # {letter: text}, in order; empty where the question is open.
    cells: dict  # {column: value} of every filled cell but the picture's.

    def text(self, column):
        """The cell as text, or None where it is empty."""
        value = self.cells.get(column)
        return None if value is None else str(value)

    @property
    def answer(self):
        return self.text("answer")

    @property
    def group(self):
        """The index of the question that this is a copy of; its own where it is none."""
        return str(int(self.index) % CIRCLE) if self.index.isdecimal() else self.index


@dataclasses.dataclass(frozen=True)
class Table:
    name: str
    rows: list
    pictures: dict  # {index: base64}
    skipped: int  # Rows without a picture, which the toolkit leaves out too.

    def image(self, row):
        """The bytes of the row's picture file."""
        return base64.b64decode(self.pictures[row.picture])

    @functools.cached_property
    def circular(self):
        """True where a question is there with its options in several orders."""
        indices = {row.index for row in self.rows}
        return any(row.group != row.index and row.group in indices for row in self.rows)


def read(path):
    """The table in the file; BadTable or OSError where there is none."""
    try:
        frame = pandas.read_csv(path, sep="\t")
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise BadTable(f"{path}: {' '.join(str(error).split())}") from error
    missing = [column for column in NEEDED if column not in frame]
    if missing:
        raise BadTable(f"{path}: no column {missing[0]!r}; it has {', '.join(frame.columns)}")
    records = [(number, filled(record)) for number, record in
               enumerate(frame.to_dict("records"), start=1)]
    kept = [(number, cells) for number, cells in records if "image" in cells]
    if not kept:
        raise BadTable(f"{path}: no row with a picture")
    encoded = images(path, kept)
    rows = [make_row(path, number, cells, encoded) for number, cells in kept]
    pictures = {row.index: encoded[row.index] for row in rows if row.picture == row.index}
    return Table(path.stem, rows, pictures, len(records) - len(kept))


def filled(record):
    return {column: value for column, value in record.items() if not pandas.isna(value)}


def where(path, number, cells, field):
    index = f" (index {cells['index']})" if "index" in cells else ""
    return f"{path}: row {number}{index}: {field}"


def images(path, records):
    """{index: base64, or the index of another row}."""
    encoded = {}
    for number, cells in records:
        for field in ("index", "question"):
            if field not in cells:
                raise BadTable(f"{where(path, number, cells, field)}: is empty")
        index = str(cells["index"])
        if index in encoded:
            raise BadTable(f"{where(path, number, cells, 'index')}: is there twice")
        encoded[index] = only_picture(str(cells["image"]), where(path, number, cells, "image"))
    return encoded


def only_picture(cell, place):
    """The one picture of a cell, which may be a list of one."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return cell
    try:
        pictures = ast.literal_eval(cell)
    except (SyntaxError, ValueError) as error:
        raise BadTable(f"{place}: starts and ends like a list and is none") from error
    if len(pictures) != 1:
        raise BadTable(f"{place}: has {len(pictures)} pictures; the cluster takes one a question")
    return str(pictures[0])


def make_row(path, number, cells, encoded):
    index, place = str(cells["index"]), where(path, number, cells, "image")
    cell = encoded[index]
    picture = index if len(cell) > LONGEST_REFERENCE else cell
    if len(encoded.get(picture, "")) <= LONGEST_REFERENCE:
        raise BadTable(f"{place}: '{cell}' is neither a picture nor the index of a row with one")
    if picture == index:
        check_base64(cell, place)
    options = {letter: str(cells[letter]) for letter in string.ascii_uppercase if letter in cells}
    return Row(index, picture, str(cells["question"]), options,
               {column: value for column, value in cells.items() if column != "image"})


def check_base64(cell, place):
    try:
        base64.b64decode(cell, validate=True)
    except binascii.Error as error:
        raise BadTable(f"{place}: is not base64: {error}") from error
