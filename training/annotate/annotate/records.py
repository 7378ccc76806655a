"""Input records, read one at a time from JSON lines or a TSV table.

A line that is no good record does not end the run: it is yielded as a BadLine.
"""

import csv
import dataclasses
import json

# The most characters that a field may have; pictures have their own limit.
LIMITS = {"id": 256, "image": 1024, "question": 8000, "answer": 2000}
# In the human's turn of the released format it stands for the picture.
IMAGE_TOKEN = "<image>"


class InputError(Exception):
    """The input as a whole cannot be used; the message names the line."""


class BadRecord(Exception):
    """A record that cannot be asked about; names the field and its limit."""

    def __init__(self, field, problem):
        super().__init__(f"{field}: {problem}")


@dataclasses.dataclass(frozen=True)
class Record:
    """One question with its known answer, and one of `image` and `image_base64`."""

    line: int
    id: str
    image: str | None
    image_base64: str | None
    question: str
    answer: str


@dataclasses.dataclass(frozen=True)
class BadLine:
    """A line that gave no record; `id` is None where not even that was readable."""

    line: int
    id: str | None
    problem: str


def read(path):
    """Yields a Record or a BadLine for every line of the file, blank ones left out."""
    for line, fields in _rows(path):
        identity = None
        try:
            if isinstance(fields, BadRecord):
                raise fields
            identity = _identity(fields)
            yield _record(line, identity, fields)
        except BadRecord as error:
            yield BadLine(line, identity, str(error))


def count_and_check(path):
    """How many lines `read` will yield; raises InputError where an id comes twice."""
    first, count = {}, 0
    for item in read(path):
        count += 1
        if item.id is None:
            continue
        if item.id in first:
            raise InputError(f"{path}: line {item.line}: id: must be given once, "
                             f"{item.id!r} is also in line {first[item.id]}")
        first[item.id] = item.line
    return count


def _rows(path):
    if path.suffix == ".jsonl":
        return _json_lines(path)
    if path.suffix == ".tsv":
        return _table(path)
    raise InputError(f"{path}: name must end with .jsonl or .tsv")


def _json_lines(path):
    with open(path, "rb") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                fields = json.loads(text)
            except (ValueError, RecursionError):
                fields = None
            if not isinstance(fields, dict):
                fields = BadRecord("line", "must be one JSON object in UTF-8")
            yield line, fields


def _table(path):
    # Pictures are longer than the module's default allows.
    csv.field_size_limit(2**31 - 1)
    # Bytes that are no UTF-8 become surrogates here, which the fields' check finds.
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        # Strict, or a quote left open would swallow the lines after it.
        rows = csv.DictReader(file, delimiter="\t", strict=True)
        try:
            for fields in rows:
                if None in fields:
                    fields = BadRecord("line", "must not have more cells than the head")
                else:
                    fields = {name: text for name, text in fields.items() if text}
                yield rows.line_num, fields
        except csv.Error as error:
            # The number is that of the last row that was whole.
            raise InputError(f"{path}: line {rows.line_num + 1}: {error}") from None


def _identity(fields):
    if type(fields.get("id")) is int:
        return str(fields["id"])
    return _text(fields, "id")


def _record(line, identity, fields):
    given = [name for name in ("image", "image_base64") if fields.get(name) is not None]
    if len(given) != 1:
        raise BadRecord("image", "one of image and image_base64 must be given")
    texts = {name: _text(fields, name) for name in (*given, "question", "answer")}
    if IMAGE_TOKEN in texts["question"]:
        raise BadRecord("question", f"must not hold {IMAGE_TOKEN}, which is put in front of it")
    return Record(line, identity, texts.get("image"), texts.get("image_base64"),
                  texts["question"], texts["answer"])


def _text(fields, name):
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadRecord(name, "must be given, as text that is not empty")
    if name in LIMITS and len(value) > LIMITS[name]:
        raise BadRecord(name, f"must have at most {LIMITS[name]} characters, has {len(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRecord(name, "must be valid Unicode in UTF-8") from None
    return value.strip()
