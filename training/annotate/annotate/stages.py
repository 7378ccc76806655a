"""The structure of a response: four stages, each in its own pair of tags.

A response that training is to learn from must hold to it without exception: the
services find the stages by these tags.
"""

import re

# The stages in order, and the most characters that each may have.
LIMITS = {"SUMMARY": 2000, "CAPTION": 4000, "REASONING": 12000, "CONCLUSION": 2000}

# What a stage's tag looks like, also where it is misspelt: "</ Summary>".
_TAG = re.compile(r"<\s*/?\s*(?:" + "|".join(LIMITS) + r")\s*/?\s*>", re.IGNORECASE)
_EXPECTED = [tag for stage in LIMITS for tag in (f"<{stage}>", f"</{stage}>")]


class StructureError(Exception):
    """What a response lacks; the message names the stage and the limit."""


def parse(text):
    """The text of each stage, trimmed, by its name; raises StructureError."""
    tags = list(_TAG.finditer(text))
    _check_tags([tag.group() for tag in tags])
    # Pieces lie alternately outside of the stages and inside.
    edges = [0, *(edge for tag in tags for edge in tag.span()), len(text)]
    pieces = [text[edges[i]:edges[i + 1]].strip() for i in range(0, len(edges), 2)]
    for outside in pieces[::2]:
        if outside:
            raise StructureError(f"text outside of the stages: {outside[:60]!r}")
    stages = dict(zip(LIMITS, pieces[1::2], strict=True))
    for stage, words in stages.items():
        _check_text(stage, words)
    return stages


def render(stages):
    """The response in its one layout, whatever white space the original had."""
    return "\n\n".join(f"<{stage}> {stages[stage]} </{stage}>" for stage in LIMITS)


def _check_tags(found):
    for tag in found:
        if tag not in _EXPECTED:
            raise StructureError(f"{tag}: not a tag as the stages have them")
    for tag in _EXPECTED:
        if found.count(tag) != 1:
            raise StructureError(f"{tag}: must occur once, occurs {found.count(tag)} times")
    for tag, expected in zip(found, _EXPECTED, strict=True):
        if tag != expected:
            raise StructureError(f"{tag}: out of order, {expected} must come first")


def _check_text(stage, words):
    if not words:
        raise StructureError(f"{stage}: must not be empty")
    if len(words) > LIMITS[stage]:
        raise StructureError(
            f"{stage}: must have at most {LIMITS[stage]} characters, has {len(words)}")
    try:
        words.encode()
    except UnicodeEncodeError:
        raise StructureError(f"{stage}: must be valid Unicode") from None
