"""200 records, 10 % of them with a fault injected: none is lost, none comes twice."""

import hashlib
import json
import shutil
import signal

import pytest
from annotate import stages
from annotation_world import (
    KEY,
    accepted,
    lines,
    png,
    reasons,
    record,
    run,
    start,
    write_input,
)
from endpoint_server import TOKENS, EndpointServer, answer_of

RECORDS = [record(number) for number in range(200)]
ALWAYS = 10**9
# Every tenth record has one of these: call, fault, tries that it spoils, what comes of it.
FAULTS = [
    ("response", "500", 2, "accepted"),
    ("response", "503 html", 1, "accepted"),
    ("response", "429", 1, "accepted"),
    ("response", "stall", 1, "accepted"),
    ("response", "close", 2, "accepted"),
    ("response", "half", 1, "accepted"),
    ("judge", "500", 1, "accepted"),
    ("judge", "close", 1, "accepted"),
    ("response", "500", ALWAYS, "gave-up"),
    ("response", "stall", ALWAYS, "gave-up"),
    ("judge", "half", ALWAYS, "gave-up"),
    ("response", "html", ALWAYS, "garbled"),
    ("response", "no choices", ALWAYS, "garbled"),
    ("response", "unstructured", ALWAYS, "structure"),
    ("response", "cut", ALWAYS, "structure"),
    ("response", "400", ALWAYS, "declined"),
    ("response", "filter", ALWAYS, "declined"),
    ("judge", "refusal", ALWAYS, "declined"),
    ("response", "wrong", ALWAYS, "invalid"),
    ("judge", "mumble", ALWAYS, "verdict"),
]
FAULT_OF = {f"r-{10 * i + 7}": fault for i, fault in enumerate(FAULTS)}
EXPECTED = {fields["id"]: FAULT_OF.get(fields["id"], [None] * 3 + ["accepted"])[3]
            for fields in RECORDS}


def script(identity, call, nth):
    where, fault, times, _ = FAULT_OF.get(identity, (None, None, 0, None))
    return fault if call == where and nth < times else None


def outcomes(out):
    """Each record's outcome; fails where one has two."""
    entries = lines(out / "accepted.jsonl") + lines(out / "refused.jsonl")
    found = {entry["id"]: entry.get("reason", "accepted") for entry in entries}
    assert len(found) == len(entries)
    return found


class Finished:
    """One run over all records that nobody interrupted."""

    def __init__(self, directory):
        self.source = write_input(directory, RECORDS)
        self.out = directory / "out"
        self.server = EndpointServer(script)
        self.code, self.said, self.complained = run(self.server, self.source, self.out)
        self.server.close()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return Finished(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def copied(finished, tmp_path):
    """The directory of the finished run, to go on with."""
    return shutil.copytree(finished.out, tmp_path / "out")


def test_every_record_has_the_outcome_that_its_fault_gives(finished):
    assert finished.code == 0, finished.complained
    assert outcomes(finished.out) == EXPECTED
    assert "200 records: 188 accepted, 12 set aside, 0 left" in finished.said


def test_the_summary_counts_reasons_requests_and_tokens(finished):
    summary = json.loads((finished.out / "summary.json").read_text())
    assert summary["reasons"] == {"declined": 3, "garbled": 2, "gave-up": 3, "invalid": 1,
                                  "structure": 2, "verdict": 1}
    cost = summary["this_run"]
    # One may break before the server reads it.
    assert len(finished.server.asked) <= cost["requests"] < 2 * len(finished.server.asked)
    # Every completion of the server says the same of its cost.
    completions, rest = divmod(cost["prompt_tokens"], TOKENS["prompt_tokens"])
    assert rest == 0 and completions >= 2 * 188
    assert cost["completion_tokens"] == completions * TOKENS["completion_tokens"]


def test_the_key_reaches_the_endpoint_and_nothing_else(finished):
    assert {asked.authorization for asked in finished.server.asked} == {f"Bearer {KEY}"}
    assert KEY not in finished.said + finished.complained
    for path in finished.out.glob("*"):
        assert path.is_dir() or KEY not in path.read_text()


def test_pictures_reach_the_endpoint_and_the_data_set_intact(finished):
    seen = {asked.id: asked for asked in finished.server.asked if asked.call == "response"}
    assert seen.keys() == EXPECTED.keys()
    for number in range(200):
        asked = seen[f"r-{number}"]
        assert asked.media_type == "image/png"
        assert asked.picture == hashlib.sha256(png(number)).hexdigest(), asked.id
    for identity, entry in accepted(finished.out).items():
        number = int(identity.removeprefix("r-"))
        root = finished.source.parent if "image" in RECORDS[number] else finished.out
        assert (root / entry["image"]).read_bytes() == png(number)


def test_accepted_lines_are_in_the_released_format(finished):
    for identity, entry in accepted(finished.out).items():
        assert list(entry) == ["id", "image", "conversations"]
        human, gpt = entry["conversations"]
        question = RECORDS[int(identity.removeprefix("r-"))]["question"]
        assert human == {"from": "human", "value": f"<image>\n{question}"}
        assert gpt["from"] == "gpt"
        assert stages.parse(gpt["value"])["CONCLUSION"] == answer_of(identity)


def test_runs_killed_at_any_moment_end_as_one_that_was_not(serve, finished, tmp_path):
    server, out = serve(script), tmp_path / "out"
    kills = []  # records with an outcome, and requests so far, at each
    for kill_at in (1, 40, 150, 260, 390):
        mark = server.when_asked(kill_at)
        process = start(server, finished.source, out)
        assert mark.wait(60)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kills.append((outcomes(out), len(server.asked)))
        tear(out)
    code, _, complained = run(server, finished.source, out)
    assert code == 0, complained
    assert 0 < len(kills[2][0]) < 200
    for done, asked_before in kills:
        assert not {asked.id for asked in server.asked[asked_before:]} & done.keys()
    assert outcomes(out) == EXPECTED
    assert accepted(out) == accepted(finished.out)
    assert reasons(out) == reasons(finished.out)


def tear(out):
    """Leaves what a power cut may leave of a line that was being written."""
    for name in ("accepted.jsonl", "refused.jsonl"):
        with open(out / name, "ab") as file:
            file.write(b'{"id": "r-199", "image": "pictures/1')


def test_a_finished_run_asks_nothing_when_started_again(serve, finished, copied):
    server = serve()
    assert run(server, finished.source, copied)[0] == 0
    assert server.asked == []
    for name in ("accepted.jsonl", "refused.jsonl"):
        assert (copied / name).read_bytes() == (finished.out / name).read_bytes()


def test_records_set_aside_for_a_reason_are_asked_again_on_demand(serve, finished, copied):
    server = serve()
    code, said, _ = run(server, finished.source, copied, "--again", "gave-up",
                        "--again", "verdict")
    assert code == 0
    again = {i for i, reason in EXPECTED.items() if reason in ("gave-up", "verdict")}
    assert {asked.id for asked in server.asked} == again
    assert outcomes(copied) == EXPECTED | dict.fromkeys(again, "accepted")
    assert "192 accepted, 8 set aside" in said
