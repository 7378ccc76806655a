"""A server that speaks the chat-completions protocol, well or badly as a script says.

It reads which record is meant from the question, "[r-17] ...", writes four stages for it, and
judges by comparing the conclusion with the known answer, word by word.
"""

import asyncio
import base64
import dataclasses
import hashlib
import re
import threading
import time

from aiohttp import web

JUDGE_MODEL = "judge"
TOKENS = {"prompt_tokens": 700, "completion_tokens": 90}


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    id: str
    call: str  # "response" or "judge"
    at: float  # seconds of a monotonic clock
    authorization: str | None
    picture: str | None  # SHA-256 of what the message carries
    media_type: str | None


class EndpointServer:
    """Listens on a free port of this machine, in a thread of its own.

    `script(id, call, nth)` names the fault of the nth request (from 0) for a record's call,
    or is None where the answer is to be a good one.
    """

    def __init__(self, script=None):
        self.asked = []
        self.most_at_once = 0
        self.crowd = 0  # hold requests until so many and one more are here, or half a second
        self._script = script or (lambda identity, call, nth: None)
        self._at_once = 0
        self._marks = []
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._started.wait(30)

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}/v1"

    def when_asked(self, count):
        """An event that is set once `count` requests have come in."""
        mark = threading.Event()
        self._marks.append((count, mark))
        return mark

    def close(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(30)

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self):
        self._closing, self._crowded = asyncio.Event(), asyncio.Event()
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]
        self._started.set()
        await self._closing.wait()
        await runner.cleanup()

    async def _complete(self, request):
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            body = await request.json()
            nth, asked = self._note(request, body)
            await self._wait_for_a_crowd()
            fault = self._script(asked.id, asked.call, nth)
            if fault is None:
                return _good(asked, body)
            return await FAULTS[fault](self, request, asked, body)
        finally:
            self._at_once -= 1

    def _note(self, request, body):
        asked = _read(request, body)
        nth = sum((a.id, a.call) == (asked.id, asked.call) for a in self.asked)
        self.asked.append(asked)
        for count, mark in self._marks:
            if len(self.asked) >= count:
                mark.set()
        return nth, asked

    async def _wait_for_a_crowd(self):
        if self._at_once > self.crowd:
            self._crowded.set()
        try:
            await asyncio.wait_for(self._crowded.wait(), 0.5)
        except TimeoutError:
            # As many as there will be; the others need not wait.
            if self._at_once == self.crowd:
                self._crowded.set()

    async def stall(self, request, asked, body):
        await self._closing.wait()
        return _good(asked, body)


def _read(request, body):
    content = body["messages"][0]["content"]
    call = "judge" if body["model"] == JUDGE_MODEL else "response"
    picture = media_type = None
    if call == "response":
        text, image = content
        assert text["type"] == "text" and image["type"] == "image_url"
        media_type, data = re.fullmatch(r"data:([a-z/]+);base64,(.*)",
                                        image["image_url"]["url"]).groups()
        picture = hashlib.sha256(base64.b64decode(data, validate=True)).hexdigest()
        content = text["text"]
    identity = re.search(r"\[([^]]+)\]", content)[1]
    return Asked(identity, call, time.monotonic(), request.headers.get("Authorization"),
                 picture, media_type)


def stages_of(identity, conclusion):
    """What the server writes about a record."""
    return (f"<SUMMARY> I count for {identity}. </SUMMARY>\n<CAPTION> Several dots. </CAPTION>\n"
            f"<REASONING> One after another: {conclusion}. </REASONING>\n"
            f"<CONCLUSION> {conclusion} </CONCLUSION>")


def answer_of(identity):
    return f"{len(identity)} dots of {identity}"


def _text(asked, body):
    if asked.call == "response":
        return stages_of(asked.id, answer_of(asked.id))
    prompt = body["messages"][0]["content"]
    known = re.search(r"^Known answer: (.*)$", prompt, re.MULTILINE)[1]
    found = re.search(r"^Conclusion: (.*)$", prompt, re.MULTILINE)[1]
    return "Valid." if known == found else f"**invalid**\nThe known answer is {known}."


def _completion(text, finish_reason="stop", **message):
    return web.json_response({
        "id": "c", "object": "chat.completion", "usage": TOKENS, "choices": [{
            "index": 0, "finish_reason": finish_reason,
            "message": {"role": "assistant", "content": text, **message}}]})


def _good(asked, body):
    return _completion(_text(asked, body))


def _error(status, code=None, headers=None, message="as the script says"):
    return web.json_response({"error": {"message": message, "code": code}}, status=status,
                             headers=headers)


async def _close(server, request, asked, body):
    request.transport.abort()
    return web.Response()


async def _half(server, request, asked, body):
    response = web.StreamResponse(headers={"Content-Length": "4000"})
    await response.prepare(request)
    await response.write(b'{"choices": [{"mess')
    request.transport.abort()
    return response


def _always(make):
    async def answer(server, request, asked, body):
        return make(request, asked, body)
    return answer


FAULTS = {
    "stall": EndpointServer.stall,
    "close": _close,
    "half": _half,
    "500": _always(lambda *_: _error(500)),
    "503 html": _always(lambda *_: web.Response(status=503, text="<html>busy</html>")),
    "429": _always(lambda *_: _error(429, headers={"Retry-After": "1"})),
    "429 for an hour": _always(lambda *_: _error(429, headers={"Retry-After": "3600"})),
    "no quota": _always(lambda *_: _error(429, code="insufficient_quota")),
    "400": _always(lambda *_: _error(400, code="content_policy_violation")),
    "401": _always(lambda request, *_: _error(
        401, message="no such key: " + request.headers["Authorization"])),
    "html": _always(lambda *_: web.Response(text="<html>hello</html>")),
    "no choices": _always(lambda *_: web.json_response({"choices": []})),
    "nothing": _always(lambda *_: _completion(None)),
    "unstructured": _always(lambda *_: _completion("There are some dots.")),
    "cut": _always(lambda _, asked, body: _completion(_text(asked, body), "length")),
    "filter": _always(lambda *_: _completion("", "content_filter")),
    "refusal": _always(lambda *_: _completion(None, refusal="I cannot help with that.")),
    "wrong": _always(lambda _, asked, body: _completion(stages_of(asked.id, "no dots"))),
    "mumble": _always(lambda *_: _completion("Valid or invalid, who knows?")),
}
