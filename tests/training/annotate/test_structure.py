"""What counts as a four-stage response, and as a verdict."""

import re

import pytest
from annotate import prompts, stages, verdict

GOOD = ("<SUMMARY> Count. </SUMMARY>\n\n<CAPTION> Dots. </CAPTION>\n\n"
        "<REASONING> 1, 2, 3. </REASONING>\n\n<CONCLUSION> 3 </CONCLUSION>")


def refusal(text):
    """Why a response is none; fails where it is one."""
    with pytest.raises(stages.StructureError) as caught:
        stages.parse(text)
    return str(caught.value)


def test_a_good_response_comes_apart_into_its_stages():
    assert stages.parse(GOOD) == {
        "SUMMARY": "Count.", "CAPTION": "Dots.", "REASONING": "1, 2, 3.", "CONCLUSION": "3"}


@pytest.mark.parametrize("text", [
    GOOD, f"\n {GOOD}\t\n", GOOD.replace("\n\n", ""), GOOD.replace("> ", ">").replace(" <", "<"),
    GOOD.replace(" ", "\r\n")])
def test_white_space_outside_and_at_the_edges_does_not_matter(text):
    rendered = stages.render(stages.parse(text))
    assert " ".join(rendered.split()) == " ".join(GOOD.split())


def test_rendering_and_parsing_are_each_others_inverse():
    assert stages.render(stages.parse(GOOD)) == GOOD


@pytest.mark.parametrize("tag", re.findall(r"<[^>]*>", GOOD))
def test_every_tag_must_be_there_once(tag):
    assert refusal(GOOD.replace(tag, "")) == f"{tag}: must occur once, occurs 0 times"
    assert refusal(GOOD + tag) == f"{tag}: must occur once, occurs 2 times"


def test_stages_must_come_in_their_order():
    parts = GOOD.split("\n\n")
    swapped = "\n\n".join([parts[1], parts[0], *parts[2:]])
    assert refusal(swapped) == "<CAPTION>: out of order, <SUMMARY> must come first"
    nested = GOOD.replace("</SUMMARY>\n\n<CAPTION>", "<CAPTION> </SUMMARY>")
    assert refusal(nested) == "<CAPTION>: out of order, </SUMMARY> must come first"


@pytest.mark.parametrize("text", [
    "Here you are: " + GOOD, GOOD + " Done.", GOOD.replace("\n\n", "\n**\n", 1),
    f"```\n{GOOD}\n```"])
def test_nothing_may_stand_outside_of_the_stages(text):
    assert refusal(text).startswith("text outside of the stages: ")


@pytest.mark.parametrize("tag", ["<summary>", "< SUMMARY >", "</ SUMMARY>", "<SUMMARY/>"])
def test_misspelt_tags_are_no_tags(tag):
    assert refusal(GOOD.replace("<SUMMARY>", tag)) == (
        f"{tag}: not a tag as the stages have them")
    assert refusal(GOOD.replace("Count.", tag)).endswith("not a tag as the stages have them")


def test_other_markup_may_stand_in_a_stage():
    text = GOOD.replace("1, 2, 3.", "<b>1</b> < 2, and x<y>")
    assert stages.parse(text)["REASONING"] == "<b>1</b> < 2, and x<y>"


@pytest.mark.parametrize("stage", stages.LIMITS)
def test_no_stage_may_be_empty_or_too_long(stage):
    def with_words(words):
        return re.sub(f"<{stage}>.*</{stage}>", f"<{stage}>{words}</{stage}>", GOOD)

    limit = stages.LIMITS[stage]
    assert stages.parse(with_words("x" * limit))[stage] == "x" * limit
    assert refusal(with_words("x" * (limit + 1))) == (
        f"{stage}: must have at most {limit} characters, has {limit + 1}")
    assert refusal(with_words(" \n ")) == f"{stage}: must not be empty"


def test_text_that_no_file_can_hold_is_refused():
    assert refusal(GOOD.replace("Dots", "\ud800")) == "CAPTION: must be valid Unicode"


@pytest.mark.parametrize(("reply", "expected"), [
    ("valid", (True, "")), ("Valid.", (True, "")), ("**valid**\nAlike.", (True, "Alike.")),
    ("\n  INVALID\n\nIt says 4.\n", (False, "It says 4.")), ('"invalid"', (False, "")),
    ("invalid\nA valid one would be 3.", (False, "A valid one would be 3."))])
def test_a_verdict_is_the_word_alone_on_the_first_line(reply, expected):
    assert verdict.read(reply) == expected


@pytest.mark.parametrize("reply", [
    "", "yes", "not valid", "valid or invalid", "The conclusion is valid.", "validated",
    "It depends.\nvalid"])
def test_nothing_else_is_a_verdict(reply):
    with pytest.raises(verdict.UnreadableVerdict, match="must begin with a line"):
        verdict.read(reply)


def test_the_known_answer_is_in_the_first_prompt_only_where_it_is_to_be_shown():
    fields = {"question": "How much is $5, {x}?", "answer": "five dollars"}
    shown = prompts.load("shown").response.substitute(fields)
    hidden = prompts.load("hidden").response.substitute(fields)
    assert fields["question"] in shown and fields["answer"] in shown
    assert fields["question"] in hidden and fields["answer"] not in hidden
    assert prompts.load("shown").fingerprint() != prompts.load("hidden").fingerprint()


@pytest.mark.parametrize(
    "wording", ["$question", "$question $answer $image", "$question $answer $"])
def test_a_prompt_must_name_what_it_is_for(tmp_path, wording):
    (tmp_path / "response_shown.txt").write_text(wording)
    with pytest.raises(prompts.PromptError, match=r"response_shown.txt: must name \$answer"):
        prompts.load("shown", tmp_path)
