"""Bodies that an endpoint sends: a completion, or an error."""

import dataclasses
import json


class ReplyError(Exception):
    """A reply that is not what the protocol says, or no whole answer."""


class Garbled(ReplyError):
    """Not the protocol: no JSON, no choice, no text."""


class Refusal(ReplyError):
    """The model, or a filter in front of it, says no."""


class CutShort(ReplyError):
    """The token limit came before the end."""


@dataclasses.dataclass(frozen=True)
class Message:
    """The first choice of a completion, and what it cost."""

    content: str | None
    refusal: str | None
    finish_reason: str | None
    prompt_tokens: int
    completion_tokens: int

    def text(self):
        """The answer; raises ReplyError where there is no whole one."""
        if self.refusal:
            raise Refusal(f"the model refused: {self.refusal[:200]}")
        if self.finish_reason == "content_filter":
            raise Refusal("finish_reason is content_filter")
        if self.finish_reason == "length":
            raise CutShort("cut at the token limit: finish_reason is length")
        if not self.content or not self.content.strip():
            raise Garbled("choices[0].message.content: must be text")
        return self.content


def read(body):
    """The Message in a body of status 200; raises Garbled."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        raise Garbled("the body must be JSON") from None
    choices = _of(dict, reply).get("choices")
    if not isinstance(choices, list) or not choices:
        raise Garbled("choices: must have at least one")
    choice = _of(dict, choices[0])
    message = _of(dict, choice.get("message"))
    usage = _of(dict, reply.get("usage"))
    return Message(_text(message, "content"), _text(message, "refusal"),
                   _text(choice, "finish_reason"), _count(usage, "prompt_tokens"),
                   _count(usage, "completion_tokens"))


def error_of(body):
    """Code (None where there is none) and message of an error's body, whatever it is."""
    try:
        error = _of(dict, json.loads(body)).get("error")
    except (ValueError, RecursionError):
        error = body.decode(errors="replace")
    code = _text(error, "code") if isinstance(error, dict) else None
    said = _text(error, "message") if isinstance(error, dict) else None
    return code, str(said or error)


def _of(kind, value):
    return value if isinstance(value, kind) else kind()


def _text(fields, name):
    return fields.get(name) if isinstance(fields.get(name), str) else None


def _count(fields, name):
    value = fields.get(name)
    return value if type(value) is int and value > 0 else 0
