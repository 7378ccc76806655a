"""The answers of a run as they come, so that an interrupted run goes on where it was.

A folder has `answers.jsonl`: a line about the run, then a line for each answer, on the disk before
the next question is asked. A line that was being written when the machine went down is cut off.
"""

import fcntl
import json
import os
import uuid

NAME = "answers.jsonl"


class BadJournal(ValueError):
    """A run's folder that cannot be read or gone on with; one line that says why."""


def lines_of(path):
    """The whole lines of the file, and how many bytes they are."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    return content[:whole].splitlines(), whole


def parse(path):
    """(what the run is, its answers, bytes that are whole); (None, [], 0) where nothing is."""
    rows, whole = [], 0
    lines, whole = lines_of(path)
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise BadJournal(f"{path}:{number}: {error}") from error
    if not rows:
        return None, [], 0
    if not isinstance(rows[0], dict) or "run" not in rows[0]:
        raise BadJournal(f"{path}:1: says nothing of the run")
    return rows[0]["run"], rows[1:], whole


def read(folder):
    """(what the run is, {index: answer}) of a folder, finished or not."""
    run, answers, _ = parse(folder / NAME)
    if run is None:
        raise BadJournal(f"{folder / NAME}: is empty")
    return run, {answer["index"]: answer for answer in answers}


class Journal:
    """A run's answers, open for more. Used by one thread; one program at a time has the folder."""

    def __init__(self, folder, settings):
        """Begins a run with these settings, or goes on with the one in the folder.

        BadJournal where that has other settings, or another program has it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self.take(folder)
            self.run, answers, whole = parse(self.path)
            os.ftruncate(self.file, whole)
            if self.run is None:
                self.begin(folder, settings)
            self.check(settings)
        except BaseException:
            self.close()
            raise
        self.answers = {answer["index"]: answer for answer in answers}

    def take(self, folder):
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadJournal(f"{folder}: another run is at work in it") from error

    def begin(self, folder, settings):
        # The id tells this run's questions from those of another with the same settings, so that
        # the cluster answers a repeat within a run from memory, and one of another run afresh.
        self.run = {"id": uuid.uuid4().hex, **settings}
        self.write({"run": self.run})
        directory = os.open(folder, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def check(self, settings):
        for name, value in settings.items():
            if self.run.get(name) != value:
                raise BadJournal(f"{self.path}: {name} was {self.run.get(name)!r} and is {value!r}"
                                 " now; choose another --out")

    def add(self, answer):
        """Keeps an answer; it is on the disk when this returns."""
        self.write(answer)
        self.answers[answer["index"]] = answer

    def write(self, row):
        """All of the row, or OSError, after which the journal takes no more: the run that goes on
        cuts off what stands of it."""
        left = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        while left:
            left = left[os.write(self.file, left):]
        os.fsync(self.file)

    def close(self):
        os.close(self.file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
