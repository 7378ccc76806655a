"""How often the judge is right where it could be wrong: duels of which one side is right.

What right means follows from what is known of a question. A plan or a caption is right where it
says what the recipe says; a reasoning where it ends in the answer, a conclusion or a whole response
where it is the answer.
"""

import re

from stagebeam_eval import scoring

STAGES = {"STAGE_SUMMARY": "summary", "STAGE_CAPTION": "caption", "STAGE_REASONING": "reasoning",
          "STAGE_CONCLUSION": "conclusion", "STAGE_UNSPECIFIED": "whole response"}
# The option that matches, or the last word.
ANSWER = re.compile(r"(?:\b(?P<option>[A-D]) is [^.,]+, yes|(?P<word>[^\s.]+))\W*$")


def inner(text, tag):
    """What stands between the tags, or the text less all tags where they are not there."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
    return (found.group(1) if found else re.sub(r"</?[A-Z]+>", "", text)).strip()


def is_right(row, stage, text):
    """Of a candidate's text, tags included."""
    if stage in ("summary", "caption"):
        return inner(text, stage.upper()) == row.text(stage)
    if stage == "reasoning":
        answer = ANSWER.search(inner(text, "REASONING"))
        return answer is not None and scoring.is_right(row, answer["option"] or answer["word"])
    return scoring.is_right(row, inner(text, "CONCLUSION"))


def decided(table, answers):
    """{stage: [True where the right side won]} over the duels of traces of which one side was
    right."""
    result = {name: [] for name in STAGES.values()}
    for row in table.rows:
        for expansion in answers[row.index].get("trace", []):
            stage = STAGES[expansion["stage"]]
            right = [is_right(row, stage, candidate["text"])
                     for candidate in expansion["candidates"]]
            result[stage] += [right[duel["winner"]] for duel in expansion["duels"]
                              if right[duel["first"]] != right[duel["second"]]]
    return {stage: hits for stage, hits in result.items() if hits}
