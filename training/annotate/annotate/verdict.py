"""What the judge's reply says: whether a conclusion means the known answer."""

import re

_WORD = re.compile(r"\b(valid|invalid)\b", re.IGNORECASE)


class UnreadableVerdict(Exception):
    """The first line does not say one of the two words, alone."""


def read(reply):
    """True for "valid", and what follows the first line; raises UnreadableVerdict.

    The word must stand alone on the first line, so that "valid or invalid?" and "not valid"
    are not taken for a verdict.
    """
    first, _, rest = reply.strip().partition("\n")
    word = re.sub(r"^\W+|\W+$", "", first)
    if not _WORD.fullmatch(word):
        raise UnreadableVerdict(f"must begin with a line 'valid' or 'invalid', has {first[:60]!r}")
    return word.lower() == "valid", rest.strip()
