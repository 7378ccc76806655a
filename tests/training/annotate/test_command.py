"""The command as its users meet it: exit codes, messages, limits."""

import csv
import json
import signal

import pytest
from annotation_world import KEY, accepted, lines, reasons, record, run, start, write_input

RECORDS = [record(number) for number in range(12)]


@pytest.fixture
def source(tmp_path):
    return write_input(tmp_path, RECORDS)


def test_as_many_records_are_asked_at_once_as_allowed_and_no_more(serve, tmp_path):
    source = write_input(tmp_path, [record(number) for number in range(40)])
    server = serve()
    server.crowd = 7
    code, _, complained = run(server, source, tmp_path / "out", "--concurrency", "7")
    assert code == 0, complained
    assert server.most_at_once == 7
    assert len(accepted(tmp_path / "out")) == 40


def test_bad_records_are_set_aside_and_stay_so(serve, tmp_path):
    source = write_input(tmp_path, RECORDS)
    bad = [record(20, question=""), record(21, image="pictures/gone.png", image_base64=None),
           record(23, answer="x" * 2001)]
    with open(source, "a") as file:
        file.write("{\n" + "".join(json.dumps(fields) + "\n" for fields in bad) + "{\n")
    (tmp_path / "pictures" / "gone.png").unlink(missing_ok=True)
    out = tmp_path / "out"
    for _ in range(2):
        code, said, complained = run(serve(), source, out)
        assert code == 0, complained
        assert "17 records: 12 accepted, 5 set aside, 0 left" in said
    details = {entry["line"]: (entry["id"], entry["reason"], entry["detail"])
               for entry in lines(out / "refused.jsonl")}
    assert len(lines(out / "refused.jsonl")) == 5
    assert details == {
        13: (None, "record", "line: must be one JSON object in UTF-8"),
        14: ("r-20", "record", "question: must be given, as text that is not empty"),
        15: ("r-21", "record", "image: cannot read 'pictures/gone.png': No such file or directory"),
        16: ("r-23", "record", "answer: must have at most 2000 characters, has 2001"),
        17: (None, "record", "line: must be one JSON object in UTF-8")}


def test_a_table_gives_what_json_lines_give(serve, source, tmp_path):
    table = tmp_path / "input.tsv"
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "image", "image_base64", "question", "answer"],
                                dialect="excel-tab")
        writer.writeheader()
        writer.writerows(RECORDS)
    for name, path in (("a", source), ("b", table)):
        assert run(serve(), path, tmp_path / name)[0] == 0
    assert accepted(tmp_path / "a") == accepted(tmp_path / "b")
    assert len(accepted(tmp_path / "b")) == 12


def test_ids_that_come_twice_end_the_command_before_anything_is_asked(serve, tmp_path):
    source = write_input(tmp_path, [*RECORDS, record(4)])
    server = serve()
    code, _, complained = run(server, source, tmp_path / "out")
    assert code == 2
    assert "line 13: id: must be given once, 'r-4' is also in line 5" in complained
    assert server.asked == [] and not (tmp_path / "out").exists()


@pytest.mark.parametrize(("fault", "problem"), [
    ("401", "stopped: status 401: no such key: Bearer [key]"),
    ("no quota", "stopped: status 429: as the script says"),
    ("429 for an hour", "Retry-After is 3600 s, at most 120 s are waited")])
def test_an_endpoint_that_is_no_use_for_now_costs_no_record(
        serve, source, tmp_path, fault, problem):
    server, out = serve(lambda *_: fault), tmp_path / "out"
    code, said, complained = run(server, source, out, "--concurrency", "1")
    assert code == 1
    assert problem in complained
    assert KEY not in said + complained
    assert len(server.asked) == 1
    assert "0 accepted, 0 set aside, 12 left" in said
    assert run(serve(), source, out)[0] == 0
    assert len(accepted(out)) == 12


def test_an_endpoint_that_answers_nobody_ends_the_run(serve, source, tmp_path):
    server, out = serve(lambda *_: "500"), tmp_path / "out"
    code, said, complained = run(server, source, out, "--concurrency", "1", "--stop_after", "4")
    assert code == 1
    assert "4 records in a row without an answer" in complained
    assert list(reasons(out).values()) == ["gave-up"] * 4
    assert len(server.asked) == 4 * 3
    assert run(serve(), source, out, "--again", "gave-up")[0] == 0
    assert len(accepted(out)) == 12


def test_one_answer_in_between_and_they_are_not_in_a_row(serve, source, tmp_path):
    server = serve(lambda identity, call, nth: None if identity == "r-5" else "400")
    code, *_ = run(server, source, tmp_path / "out", "--concurrency", "1", "--stop_after", "7")
    assert code == 0
    assert len(reasons(tmp_path / "out")) == 11


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_order_and_the_next_one_goes_on(serve, source, tmp_path, number):
    server, out = serve(lambda identity, *_: "stall" if identity == "r-9" else None), tmp_path / "o"
    mark = server.when_asked(12)
    process = start(server, source, out, "--concurrency", "2", "--timeout", "100")
    assert mark.wait(60)
    process.send_signal(number)
    said, complained = process.communicate(timeout=60)
    assert process.returncode == 130, complained
    assert complained == "stagebeam-annotate: interrupted; the same command goes on\n"
    assert json.loads((out / "summary.json").read_text())["left"] > 0
    assert run(serve(), source, out)[0] == 0
    assert len(accepted(out)) == 12


def test_one_directory_holds_one_way_of_asking(serve, source, tmp_path):
    out = tmp_path / "out"
    assert run(serve(), source, out)[0] == 0
    code, _, complained = run(serve(), source, out, "--temperature", "0.5")
    assert code == 2
    assert "temperature: was None when the directory was begun, is now 0.5" in complained


@pytest.mark.parametrize(("flags", "problem"), [
    (["--concurrency", "0"], "argument --concurrency: must be from 1 to 1024, is 0"),
    (["--timeout", "soon"], "argument --timeout: invalid float value: 'soon'"),
    (["--url", "localhost:8000"], "--url: must begin with http:// or https://"),
    (["--input", "gone.jsonl"], "No such file or directory: 'gone.jsonl'"),
    (["--input", "pyproject.toml"], "pyproject.toml: name must end with .jsonl or .tsv"),
    (["--prompts", "/nowhere"], "/nowhere/response_shown.txt"),
    (["--again", "tired"], "argument --again: invalid choice: 'tired'")])
def test_wrong_flags_are_named(serve, source, tmp_path, flags, problem):
    server = serve()
    code, _, complained = run(server, source, tmp_path / "out", *flags)
    assert code == 2
    assert problem in complained and "Traceback" not in complained
    assert server.asked == []
