"""The wording of both calls, from text files with $-placeholders."""

import dataclasses
import hashlib
import pathlib
import string

BUILT_IN = pathlib.Path(__file__).resolve().parent / "prompts"


class PromptError(Exception):
    """A prompt file that cannot be used; the message names it."""


@dataclasses.dataclass(frozen=True)
class Prompts:
    """`response` asks for the four stages, `verdict` for the judgement."""

    response: string.Template
    verdict: string.Template

    def fingerprint(self):
        """Tells one wording from another."""
        text = self.response.template + "\0" + self.verdict.template
        return hashlib.sha256(text.encode()).hexdigest()


def load(answer, directory=BUILT_IN):
    """The prompts in `directory`; `answer` is "shown" or "hidden" to the first call."""
    return Prompts(
        _read(directory / f"response_{answer}.txt",
              {"question", "answer"} if answer == "shown" else {"question"}),
        _read(directory / "verdict.txt", {"question", "answer", "conclusion"}))


def _read(path, placeholders):
    try:
        template = string.Template(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: {error}") from None
    found = set(template.get_identifiers())
    if not template.is_valid() or found != placeholders:
        wanted = ", ".join(f"${name}" for name in sorted(placeholders))
        raise PromptError(f"{path}: must name {wanted}, and no other placeholder")
    return template
