"""Good records come through, bad ones are named, and none goes missing."""

import base64
import json

import pytest
from annotate import pictures, records
from annotation_world import png

GOOD = {"id": "a", "image": "a.png", "question": "How many?", "answer": "3"}


def read(tmp_path, *lines, name="input.jsonl"):
    path = tmp_path / name
    path.write_bytes(b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
        for line in lines))
    return list(records.read(path))


def problem(tmp_path, **changes):
    """What is wrong with a record that is good but for the changes; None leaves a field out."""
    fields = {name: value for name, value in (GOOD | changes).items() if value is not None}
    [item] = read(tmp_path, fields)
    assert isinstance(item, records.BadLine)
    return item.problem


def test_a_good_line_is_a_record(tmp_path):
    assert read(tmp_path, GOOD | {"category": "counting"}) == [
        records.Record(1, "a", "a.png", None, "How many?", "3")]


def test_whole_numbers_are_ids_too(tmp_path):
    assert [item.id for item in read(tmp_path, GOOD | {"id": 17})] == ["17"]


@pytest.mark.parametrize("name", ["id", "question", "answer"])
def test_fields_must_be_given_as_text(tmp_path, name):
    for value in (None, "", "  ", 3.5, ["x"], True):
        assert problem(tmp_path, **{name: value}) == (
            f"{name}: must be given, as text that is not empty")


@pytest.mark.parametrize(("name", "limit"), records.LIMITS.items())
def test_fields_have_a_length_that_the_error_names(tmp_path, name, limit):
    assert problem(tmp_path, **{name: "x" * (limit + 1)}) == (
        f"{name}: must have at most {limit} characters, has {limit + 1}")
    [item] = read(tmp_path, GOOD | {name: "x" * limit})
    assert isinstance(item, records.Record)


def test_one_picture_must_be_given(tmp_path):
    expected = "image: one of image and image_base64 must be given"
    assert problem(tmp_path, image=None) == expected
    assert problem(tmp_path, image_base64="AAAA") == expected


def test_a_question_must_not_hold_the_pictures_token(tmp_path):
    assert problem(tmp_path, question="<image>\nHow many?") == (
        "question: must not hold <image>, which is put in front of it")


def test_text_that_is_no_unicode_is_named(tmp_path):
    assert problem(tmp_path, question="\udc80") == "question: must be valid Unicode in UTF-8"


@pytest.mark.parametrize("line", [
    b"{", b"[1]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"id": "a"} {"id": "b"}'])
def test_a_line_that_is_no_object_is_set_aside_and_the_next_is_read(tmp_path, line):
    bad, good = read(tmp_path, line, GOOD)
    assert bad == records.BadLine(1, None, "line: must be one JSON object in UTF-8")
    assert good.id == "a" and good.line == 2


def test_blank_lines_are_passed_over(tmp_path):
    assert [item.line for item in read(tmp_path, b"", GOOD, b"  ", GOOD)] == [2, 4]


def test_an_id_that_comes_twice_is_refused_with_both_lines(tmp_path):
    read(tmp_path, GOOD, GOOD | {"id": 7}, b"{", b"{", GOOD | {"id": "7"})
    expected = "line 5: id: must be given once, '7' is also in line 2"
    with pytest.raises(records.InputError, match=expected):
        records.count_and_check(tmp_path / "input.jsonl")


def test_an_id_counts_even_where_the_record_is_bad(tmp_path):
    read(tmp_path, GOOD, GOOD | {"question": ""})
    with pytest.raises(records.InputError, match="line 2: id"):
        records.count_and_check(tmp_path / "input.jsonl")


def test_a_table_gives_the_same_records(tmp_path):
    encoded = base64.b64encode(png(1) * 3000).decode()
    assert len(encoded) > 131_072  # the csv module's own limit
    items = read(tmp_path, b"\xef\xbb\xbfid\tquestion\timage\timage_base64\tanswer",
                 b'1\t"How many ""dots""?\tA. 3"\ta.png\t\tA',
                 b"2\tWhich?\t\t" + encoded.encode() + b"\tred", name="input.tsv")
    assert items == [
        records.Record(2, "1", "a.png", None, 'How many "dots"?\tA. 3', "A"),
        records.Record(3, "2", None, encoded, "Which?", "red")]


def test_rows_that_are_too_short_or_too_long_are_set_aside(tmp_path):
    items = read(tmp_path, b"id\timage\tquestion\tanswer", b"1\ta.png\tHow?",
                 b"2\ta.png\tHow?\t3\tmore", b"3\ta.png\t\xff\t3", name="input.tsv")
    assert items == [
        records.BadLine(2, "1", "answer: must be given, as text that is not empty"),
        records.BadLine(3, None, "line: must not have more cells than the head"),
        records.BadLine(4, "3", "question: must be valid Unicode in UTF-8")]


def test_a_quote_left_open_in_a_table_swallows_nothing(tmp_path):
    with pytest.raises(records.InputError, match="input.tsv: line 3: unexpected end"):
        read(tmp_path, b"id\timage\tquestion\tanswer", b"1\ta.png\tHow?\t3",
             b'2\ta.png\t"How?\t3', b"3\ta.png\tHow?\t3", name="input.tsv")


def test_other_kinds_of_files_are_refused(tmp_path):
    with pytest.raises(records.InputError, match="must end with .jsonl or .tsv"):
        read(tmp_path, GOOD, name="input.csv")


def record(image=None, image_base64=None):
    return records.Record(1, "a", image, image_base64, "How many?", "3")


def picture_problem(tmp_path, **fields):
    with pytest.raises(records.BadRecord) as caught:
        pictures.load(record(**fields), tmp_path)
    return str(caught.value)


def test_a_picture_is_taken_as_it_is_from_a_file_base64_or_a_data_url(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.dat").write_bytes(png(5))
    encoded = base64.b64encode(png(5)).decode()
    wrapped = "\n".join(encoded[i:i + 76] for i in range(0, len(encoded), 76))
    for given in (record("a/b.dat"), record(None, encoded), record(None, wrapped),
                  record(None, "data:image/x;base64," + encoded)):
        picture = pictures.load(given, tmp_path)
        assert picture.data == png(5)
        assert picture.data_url() == "data:image/png;base64," + encoded


@pytest.mark.parametrize(("head", "media_type"), [
    (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"), (b"GIF87a", "image/gif"),
    (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp")])
def test_the_media_type_is_the_contents(tmp_path, head, media_type):
    (tmp_path / "a.png").write_bytes(head + b"rest")
    assert pictures.load(record("a.png"), tmp_path).media_type == media_type


@pytest.mark.parametrize("name", ["/etc/hostname", "../a.png", "a/../../b.png"])
def test_a_path_may_not_leave_the_directory(tmp_path, name):
    assert picture_problem(tmp_path, image=name) == (
        f"image: must be a path below --images, is {name!r}")


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    assert picture_problem(tmp_path, image="gone.png") == (
        "image: cannot read 'gone.png': No such file or directory")
    assert picture_problem(tmp_path, image="a\0b").startswith("image: cannot read ")
    (tmp_path / "text.png").write_text("not a picture")
    assert picture_problem(tmp_path, image="text.png") == "image: must be PNG, JPEG, WebP or GIF"
    assert picture_problem(tmp_path, image_base64="!!") == "image_base64: must be base64"
    assert picture_problem(tmp_path, image_base64="AAAA") == (
        "image_base64: must be PNG, JPEG, WebP or GIF")


def test_a_picture_has_a_size_that_the_error_names(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 30)
    (tmp_path / "a.png").write_bytes(png(1))
    assert "image: must have at most 30 bytes" in picture_problem(tmp_path, image="a.png")
    encoded = base64.b64encode(png(1)).decode()
    assert picture_problem(tmp_path, image_base64=encoded) == (
        "image_base64: must have at most 30 bytes")


def test_a_kept_picture_is_whole_and_kept_once(tmp_path):
    picture = pictures.load(record(None, base64.b64encode(png(6)).decode()), tmp_path)
    for _ in range(2):
        pictures.keep(picture, tmp_path / "images")
    assert [path.read_bytes() for path in (tmp_path / "images").iterdir()] == [png(6)]
