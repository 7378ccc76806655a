"""The two files of outcomes, a line each, which survive any interruption.

A line is written with one call and is on the disk before `add` returns. What a killed run
leaves is whole lines and at most one torn one at an end, which the next run cuts off.
"""

import fcntl
import json
import os


class JournalError(Exception):
    """The files cannot be used; the message names file and line."""


class Journal:
    """Accepted and refused records of one directory; `Journal.open` makes it.

    While it is open no other process can open it.
    """

    def __init__(self, files, done):
        self._files = files
        self._done = done

    @classmethod
    def open(cls, directory, again=()):
        """Reads what is done; refused records for a reason in `again` are no longer.

        Raises JournalError.
        """
        files = {"accepted": directory / "accepted.jsonl", "refused": directory / "refused.jsonl"}
        lock = _lock(directory / ".lock")
        handles = {"lock": lock}
        try:
            for path in files.values():
                _cut_torn_line(path)
            if again:
                _drop(files["refused"], again)
            done = _done(files)
            for name, path in files.items():
                handles[name] = os.open(path, os.O_WRONLY | os.O_APPEND)
        except BaseException:
            _close(handles)
            raise
        return cls(handles, done)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        _close(self._files)

    def __contains__(self, item):
        """True where the record or line has an outcome."""
        return _key(item.id, item.line) in self._done

    def __len__(self):
        return len(self._done)

    def reasons(self):
        """How many have each outcome: "accepted", or the reason of the refusal."""
        counts = {}
        for reason in self._done.values():
            counts[reason] = counts.get(reason, 0) + 1
        return counts

    def accept(self, line, entry):
        self._add("accepted", _key(entry["id"], line), "accepted", entry)

    def refuse(self, entry):
        self._add("refused", _key(entry["id"], entry["line"]), entry["reason"], entry)

    def _add(self, name, key, reason, entry):
        if key in self._done:
            raise JournalError(f"{key}: already has an outcome")
        _append(self._files[name], _line(entry))
        self._done[key] = reason


def _key(identity, line):
    """What stands for a record; a line without an id is known by its number."""
    return ("line", line) if identity is None else ("id", identity)


def _line(entry):
    # Escaped, so that any text of a model fits and a line ends where it seems to.
    return json.dumps(entry).encode("ascii") + b"\n"


def _append(file, line):
    """All of the line, or an error and nothing of it: others may append after it."""
    size, left = os.fstat(file).st_size, line
    try:
        while left:
            left = left[os.write(file, left):]
    except OSError:
        os.ftruncate(file, size)
        raise
    os.fsync(file)


def _lock(path):
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise JournalError(f"{path.parent}: another run writes into it") from None
    return handle


def _close(handles):
    for handle in handles.values():
        os.close(handle)
    handles.clear()


def _cut_torn_line(path):
    """Makes sure that the file is there and ends with a whole line."""
    with open(path, "ab+") as file:
        end = _end_of_last_line(file)
        if end != file.seek(0, os.SEEK_END):
            file.truncate(end)
        os.fsync(file.fileno())
    _sync_directory(path.parent)


def _end_of_last_line(file):
    block = 1 << 16
    at = file.seek(0, os.SEEK_END)
    while at > 0:
        start = max(0, at - block)
        file.seek(start)
        found = file.read(at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _entries(path):
    with open(path, "rb") as file:
        for line, text in enumerate(file, 1):
            try:
                yield line, json.loads(text)
            except ValueError:
                raise JournalError(f"{path}: line {line}: must be JSON") from None


def _done(files):
    done = {}
    for name, path in files.items():
        for line, entry in _entries(path):
            try:
                reason = "accepted" if name == "accepted" else entry["reason"]
                key = _key(entry["id"], entry.get("line"))
            except (KeyError, TypeError, AttributeError):
                raise JournalError(f"{path}: line {line}: must be an outcome") from None
            if key in done:
                raise JournalError(f"{path}: line {line}: {key[1]!r} has an outcome already")
            done[key] = reason
    return done


def _drop(path, reasons):
    """Rewrites the file without entries of these reasons; whole or not at all."""
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        for _, entry in _entries(path):
            if entry.get("reason") not in reasons:
                file.write(_line(entry))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_directory(path.parent)


def _sync_directory(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
