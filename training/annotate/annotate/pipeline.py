"""One record after another, many at once: ask, check, judge, write down.

Every line of the input ends in exactly one of the journal's files.
"""

import asyncio
import dataclasses
import pathlib

from annotate import pictures, records, replies, stages, verdict
from annotate.endpoint import Declined, EndpointError, GaveUp, Unusable

# Why a record is set aside.
REASONS = {
    "record": "the input is no good record",
    "declined": "the endpoint or the model would not answer",
    "gave-up": "failed as often as it may be asked",
    "garbled": "the reply was not what the protocol says",
    "structure": "the response does not hold to the four stages",
    "verdict": "the judge's reply was not to be read",
    "invalid": "the judge finds the conclusion at odds with the known answer",
}


class Refused(Exception):
    """A record is set aside: for one of REASONS, and in particular for `detail`."""

    def __init__(self, reason, detail, response=None, unanswered=False):
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.response = response
        self.unanswered = unanswered  # the endpoint gave nothing to work with


@dataclasses.dataclass(frozen=True)
class PipelineSettings:
    """What is asked, and of whom."""

    model: str
    judge_model: str
    max_tokens: int
    token_field: str  # what the endpoint calls the limit
    temperature: float | None  # None: the endpoint's own
    images: pathlib.Path  # directory that every `image` is below
    out: pathlib.Path
    concurrency: int
    stop_after: int  # failures of the endpoint in a row


class Pipeline:
    """Takes records through both calls. For one event loop."""

    def __init__(self, settings, prompts, endpoint, journal):
        self._settings = settings
        self._prompts = prompts
        self._endpoint = endpoint
        self._journal = journal
        self._failures_in_a_row = 0

    async def run(self, items, progress):
        """Gives every item that has no outcome one; raises Unusable where the endpoint is."""
        # One iterator for all: a worker takes the next item when it is free.
        left = (item for item in items if item not in self._journal)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._settings.concurrency):
                    group.create_task(self._work(left, progress))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _work(self, left, progress):
        for item in left:
            try:
                entry = await self._annotate(item)
                self._journal.accept(item.line, entry)
                self._failures_in_a_row = 0
            except Refused as refused:
                self._journal.refuse(_entry(item, refused))
                self._count_failure(refused)
            progress()
            # Bad lines alone would keep a signal from being heard.
            await asyncio.sleep(0)

    async def _annotate(self, item):
        """The item's line in the released format; raises Refused."""
        if isinstance(item, records.BadLine):
            raise Refused("record", item.problem)
        try:
            picture = await asyncio.to_thread(pictures.load, item, self._settings.images)
        except records.BadRecord as error:
            raise Refused("record", str(error)) from None
        response = await self._respond(item, picture)
        await self._judge(item, response)
        return await self._released(item, picture, response)

    async def _respond(self, record, picture):
        prompt = self._prompts.response.substitute(question=record.question, answer=record.answer)
        text = await self._ask(self._settings.model, [
            {"type": "text", "text": prompt},
            {"type": "image_url", "image_url": {"url": picture.data_url()}}])
        try:
            return stages.parse(text)
        except stages.StructureError as error:
            raise Refused("structure", str(error), text) from None

    async def _judge(self, record, response):
        prompt = self._prompts.verdict.substitute(
            question=record.question, answer=record.answer, conclusion=response["CONCLUSION"])
        text = stages.render(response)
        try:
            valid, why = verdict.read(await self._ask(self._settings.judge_model, prompt))
        except verdict.UnreadableVerdict as error:
            raise Refused("verdict", str(error), text) from None
        except Refused as refused:
            reason = "verdict" if refused.reason == "structure" else refused.reason
            raise Refused(reason, f"judge: {refused.detail}", text, refused.unanswered) from None
        if not valid:
            raise Refused("invalid", why, text)

    async def _ask(self, model, content):
        body = {"model": model, "messages": [{"role": "user", "content": content}],
                self._settings.token_field: self._settings.max_tokens}
        if self._settings.temperature is not None:
            body["temperature"] = self._settings.temperature
        try:
            return await self._endpoint.complete(body)
        except (EndpointError, replies.ReplyError) as error:
            unanswered = not isinstance(error, (replies.Refusal, replies.CutShort))
            raise Refused(_reason(error), str(error), unanswered=unanswered) from None

    async def _released(self, record, picture, response):
        image = record.image
        if image is None:
            await asyncio.to_thread(pictures.keep, picture, self._settings.out / "images")
            image = f"images/{picture.file_name()}"
        return {"id": record.id, "image": image, "conversations": [
            {"from": "human", "value": f"{records.IMAGE_TOKEN}\n{record.question}"},
            {"from": "gpt", "value": stages.render(response)}]}

    def _count_failure(self, refused):
        if refused.reason == "record":
            return
        self._failures_in_a_row = self._failures_in_a_row + 1 if refused.unanswered else 0
        if self._failures_in_a_row >= self._settings.stop_after:
            raise Unusable(f"{self._failures_in_a_row} records in a row without an answer, "
                           f"the last one: {refused.detail}")


def _reason(error):
    if isinstance(error, GaveUp):
        return "gave-up"
    if isinstance(error, (Declined, replies.Refusal)):
        return "declined"
    return "structure" if isinstance(error, replies.CutShort) else "garbled"


def _entry(item, refused):
    """A line of refused.jsonl: enough to see what went wrong without the input."""
    entry = {"id": item.id, "line": item.line, "reason": refused.reason, "detail": refused.detail}
    if isinstance(item, records.Record):
        entry |= {"image": item.image, "question": item.question, "answer": item.answer}
    if refused.response is not None:
        entry["response"] = refused.response
    return entry
