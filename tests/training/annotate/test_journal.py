"""The files of outcomes hold whole lines, one for each record, whatever happens."""

import json
import os
import shutil
import subprocess
import sys

import conftest
import pytest
from annotate import records
from annotate.journal import Journal, JournalError


def item(identity, line=1):
    return records.BadLine(line, identity, "")


def refused(identity, line=1, reason="structure"):
    return {"id": identity, "line": line, "reason": reason, "detail": "“…”"}


def write_three(directory):
    with Journal.open(directory) as journal:
        journal.accept(1, {"id": "a", "image": "a.png", "conversations": []})
        journal.refuse(refused("b", 2))
        journal.refuse(refused(None, 3, "record"))


def test_what_was_written_is_done_when_opened_again(tmp_path):
    write_three(tmp_path)
    with Journal.open(tmp_path) as journal:
        assert len(journal) == 3
        assert item("a") in journal and item("b") in journal and item(None, 3) in journal
        assert item("c") not in journal and item(None, 2) not in journal
        assert journal.reasons() == {"accepted": 1, "structure": 1, "record": 1}


def test_a_line_without_an_id_is_not_taken_for_one_whose_id_is_its_number(tmp_path):
    write_three(tmp_path)
    with Journal.open(tmp_path) as journal:
        assert item("3") not in journal


def test_a_second_outcome_is_refused(tmp_path):
    write_three(tmp_path)
    with Journal.open(tmp_path) as journal:
        with pytest.raises(JournalError, match="already has an outcome"):
            journal.refuse(refused("a"))
        with pytest.raises(JournalError, match="already has an outcome"):
            journal.accept(9, {"id": "b", "image": "", "conversations": []})


def test_wherever_the_last_line_is_torn_the_lines_before_it_stay(tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    write_three(whole)
    text = (whole / "refused.jsonl").read_bytes()
    first = text.index(b"\n") + 1
    for end in range(first, len(text)):
        torn = shutil.copytree(whole, tmp_path / f"torn-{end}")
        os.truncate(torn / "refused.jsonl", end)
        with Journal.open(torn) as journal:
            assert item("b") in journal and item(None, 3) not in journal
            journal.refuse(refused(None, 3, "record"))
        assert (torn / "refused.jsonl").read_bytes() == text


def test_a_torn_line_longer_than_a_block_is_cut_off_too(tmp_path):
    write_three(tmp_path)
    whole = (tmp_path / "accepted.jsonl").read_bytes()
    for left in (b"", whole):
        (tmp_path / "accepted.jsonl").write_bytes(left + b"x" * 200_000)
        Journal.open(tmp_path).__exit__()
        assert (tmp_path / "accepted.jsonl").read_bytes() == left


def test_damage_elsewhere_is_no_interruption_and_is_named(tmp_path):
    write_three(tmp_path)
    path = tmp_path / "refused.jsonl"
    good = path.read_bytes()
    for bad, problem in ((b"{\n" + good, "line 1: must be JSON"),
                         (good + b"3\n", "line 3: must be an outcome"),
                         (good + b'{"id": "x"}\n', "line 3: must be an outcome"),
                         (good + json.dumps(refused("a")).encode() + b"\n",
                          "line 3: 'a' has an outcome already")):
        path.write_bytes(bad)
        with pytest.raises(JournalError, match=f"refused.jsonl: {problem}"):
            Journal.open(tmp_path)


def test_only_one_process_writes_at_a_time(tmp_path):
    attempt = [sys.executable, "-c",
               "import pathlib, sys; from annotate.journal import Journal, JournalError\n"
               "try: Journal.open(pathlib.Path(sys.argv[1]))\n"
               "except JournalError as error: print(error)", str(tmp_path)]
    here = conftest.SOURCE / "training" / "annotate"
    with Journal.open(tmp_path):
        said = subprocess.run(attempt, cwd=here, capture_output=True, text=True, timeout=60)
        assert said.stdout == f"{tmp_path}: another run writes into it\n", said.stderr
    said = subprocess.run(attempt, cwd=here, capture_output=True, text=True, timeout=60)
    assert said.stdout == "", said.stderr


def test_reasons_to_be_asked_again_leave_the_file_and_nothing_else_does(tmp_path):
    write_three(tmp_path)
    with Journal.open(tmp_path, again=["structure", "gave-up"]) as journal:
        assert item("b") not in journal and item(None, 3) in journal and item("a") in journal
    assert (tmp_path / "refused.jsonl").read_bytes().count(b"\n") == 1


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing_of_itself(tmp_path):
    write_three(tmp_path)
    before = (tmp_path / "refused.jsonl").read_bytes()
    full = """
import pathlib, resource, signal, sys
from annotate.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Journal.open(pathlib.Path(sys.argv[1])) as journal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    entry = {"id": "c", "line": 4, "reason": "structure", "detail": "x" * 500}
    try:
        journal.refuse(entry)
    except OSError as error:
        print(error.strerror)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    journal.refuse(entry | {"detail": ""})
"""
    said = subprocess.run([sys.executable, "-c", full, str(tmp_path), str(len(before) + 100)],
                          cwd=conftest.SOURCE / "training" / "annotate", capture_output=True,
                          text=True, timeout=60)
    assert said.stdout == "File too large\n", said.stderr
    lines = (tmp_path / "refused.jsonl").read_bytes().removeprefix(before)
    assert json.loads(lines) == refused("c", 4) | {"detail": ""}
